//! `track_file` (spec vrrp-keywords 12).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::Arc;

use evervip_model::{InitialContent, TrackFile};

use crate::diagnostic::Code;
use crate::keyword::Block;
use crate::lower::Lower;
use crate::read::Number;
use crate::tree::Node;

/// A block while it is read.
struct Reading {
    name: String,
    path: Option<PathBuf>,
    weight: i32,
    reverse: bool,
    initial: Option<InitialContent>,
}

impl Lower<'_> {
    pub(in crate::lower) fn track_file(&mut self, node: &Node) {
        let Some(name) = node.args().first() else {
            return;
        };
        if node.keyword().text == "vrrp_track_file" {
            let text = "\"vrrp_track_file\" is deprecated, please use \"track_file\"";
            self.log(Code::Deprecated, node.span(), text);
        }
        let mut file = Reading {
            name: name.text.clone(),
            path: None,
            weight: 1,
            reverse: false,
            initial: None,
        };
        self.keywords(node.nodes(), Block::TrackFile, |lower, node| {
            match node.keyword().text.as_str() {
                "file" => lower.file_path(&mut file, node),
                "weight" => lower.file_weight(&mut file, node),
                _ => lower.file_content(&mut file, node),
            }
        });
        let Some(path) = file.path else {
            let text = format!("No file set for track_file {} - ignoring", file.name);
            self.complain(Code::MissingParameter, node.end(), text).help =
                Some("write file PATH into the block".to_owned());
            return;
        };
        let files = &mut self.objects.files;
        self.objects
            .file_index
            .entry(file.name.clone())
            .or_insert(files.len());
        files.push(TrackFile {
            name: Arc::from(file.name),
            path,
            weight: file.weight,
            reverse: file.reverse,
            initial: file.initial,
        });
    }

    fn file_path(&mut self, file: &mut Reading, node: &Node) {
        match (node.args().first(), &file.path) {
            (None, _) => {
                let text = "track file file name missing";
                self.complain(Code::MissingParameter, node.span(), text)
                    .help = Some("write file PATH".to_owned());
            }
            (Some(word), Some(_)) => {
                let text = format!(
                    "File already set for track file {} - ignoring {}",
                    file.name, word.text
                );
                self.complain(Code::Duplicate, word.span, text).help =
                    Some("make a track_file of its own for the other file".to_owned());
            }
            (Some(word), None) => {
                file.path = Some(OsString::from_vec(word.bytes().to_vec()).into());
            }
        }
    }

    fn file_weight(&mut self, file: &mut Reading, node: &Node) {
        let name = &file.name;
        let Some(word) = node.args().first() else {
            let text = format!("No weight specified for track file {name} - ignoring");
            self.complain(Code::MissingParameter, node.span(), text)
                .help = Some("write weight N".to_owned());
            return;
        };
        if file.weight != 1 {
            let text = format!(
                "Weight already set for track file {name} - ignoring {}",
                word.text
            );
            self.complain(Code::Duplicate, word.span, text).help = Some("keep one".to_owned());
            return;
        }
        let number = self.number(word, Number::whole(-254, 254).lenient());
        match number.and_then(|n| i32::try_from(n).ok()) {
            Some(weight) => file.weight = weight,
            None => {
                let text = format!(
                    "Weight ({}) for track_file {name} must be between [-254..254] inclusive. Ignoring...",
                    word.text
                );
                self.complain(Code::OutOfRange, word.span, text);
                file.weight = 1;
            }
        }
        match node.args().get(1) {
            None => {}
            Some(word) if word.text == "reverse" => file.reverse = true,
            Some(word) => {
                let text = format!("track_file {name} unknown weight option {}", word.text);
                self.complain(Code::InvalidValue, word.span, text).help =
                    Some("the one option is 'reverse'".to_owned());
            }
        }
    }

    /// `init_file [VALUE] [overwrite]`.
    fn file_content(&mut self, file: &mut Reading, node: &Node) {
        let initial = file.initial.get_or_insert(InitialContent {
            value: 0,
            overwrite: false,
        });
        for word in node.args() {
            let digits = word.text.strip_prefix('-').unwrap_or(&word.text);
            if word.text == "overwrite" {
                initial.overwrite = true;
            } else if digits.starts_with(|c: char| c.is_ascii_digit()) {
                let range = Number::whole(i64::from(i32::MIN), i64::from(i32::MAX));
                let number = self.number(word, range).and_then(|n| i32::try_from(n).ok());
                initial.value = number.unwrap_or(0);
                let what = match number {
                    None => "is invalid",
                    Some(-254..=254) => continue,
                    Some(_) => "is outside sensible range [-254, 254]",
                };
                let text = format!("Track file {} init value {} {what}", file.name, word.text);
                self.complain(Code::OutOfRange, word.span, text);
            } else {
                let text = format!("Unknown track file init option {}", word.text);
                self.complain(Code::InvalidValue, word.span, text).help =
                    Some("write a number, 'overwrite', or both".to_owned());
            }
        }
    }
}
