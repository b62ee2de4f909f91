//! One connection to the bus: what the original says there, in its order.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use evervip_model::State;
use futures_core::Stream as _;
use tokio::sync::{mpsc, oneshot, watch};
use zbus::message::{Flags, Header, Type};
use zbus::zvariant::{StructureBuilder, Value};
use zbus::{Connection, Message, MessageStream};

use super::answer::{Answer, Call, Failure, Property, Task, answer};
use super::introspection::{DAEMON, INSTANCE};
use super::objects::{Objects, Status};
use super::path::Settings;
use super::{Guardian, News, Request, Wish};
use crate::dump::Wanted;
use crate::inbox::{self, Outlet};

/// The ways from and to the engine thread.
pub(super) struct Link {
    pub(super) news: mpsc::Receiver<News>,
    pub(super) lost: Arc<AtomicU64>,
    pub(super) outlet: Outlet,
    pub(super) guardian: Guardian,
}

impl Link {
    fn ask(&self, request: Request) {
        self.outlet.send(inbox::Message::Bus(request));
    }

    /// Asks for all instances when news were lost and the others have been told.
    fn make_up_for_losses(&self) {
        if !self.news.is_empty() {
            return;
        }
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::warn!("{lost} changes could not be told on D-Bus: it is too slow");
            self.ask(Request::Instances);
        }
    }
}

/// Connects to the system bus, or to that of `DBUS_SYSTEM_BUS_ADDRESS`.
pub(super) async fn connect() -> zbus::Result<Connection> {
    let connecting = async {
        let builder = zbus::connection::Builder::system()?;
        builder.max_queued(QUEUED).build().await
    };
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await;
    connected.unwrap_or_else(|_| Err(zbus::Error::Failure("no answer".to_owned())))
}

/// Serves until there is another wish.
///
/// # Errors
/// When the connection is gone.
pub(super) async fn run(
    connection: Connection,
    settings: &Settings,
    wishes: &mut watch::Receiver<Wish>,
    link: &mut Link,
) -> zbus::Result<()> {
    let mut messages = MessageStream::from(&connection);
    let mut session = Session {
        connection,
        name: settings.name.clone(),
        objects: Objects::new(settings.clone()),
        joined: false,
        name_request: None,
    };
    // They come as news, after whatever happened before.
    link.ask(Request::Instances);
    loop {
        tokio::select! {
            biased;
            _ = wishes.changed() => return session.leave(link).await,
            Some(news) = link.news.recv() => {
                session.tell(news).await?;
                link.make_up_for_losses();
            }
            message = next(&mut messages) => session.receive(&message?, link).await?,
        }
    }
}

async fn next(messages: &mut MessageStream) -> zbus::Result<Message> {
    let message = poll_fn(|context| Pin::new(&mut *messages).poll_next(context)).await;
    message.unwrap_or_else(|| Err(zbus::Error::Failure("the bus is gone".to_owned())))
}

struct Session {
    connection: Connection,
    name: String,
    objects: Objects,
    /// The instances are known, and the name has been asked for.
    joined: bool,
    /// Identifies the answer to that.
    name_request: Option<NonZeroU32>,
}

impl Session {
    async fn tell(&mut self, news: News) -> zbus::Result<()> {
        match news {
            News::Instances(instances) => {
                let changed = self.objects.replace(instances);
                let joins = !std::mem::replace(&mut self.joined, true);
                if joins {
                    self.signal_of_daemon("VrrpStarted").await?;
                }
                for (path, status) in changed {
                    // Later on nobody enters the first state.
                    if joins || status != Status::In(State::Init) {
                        self.signal_status(&path, status).await?;
                    }
                }
                if joins {
                    self.request_name().await?;
                }
            }
            // What happened before the instances were known is part of what they are.
            _ if !self.joined => {}
            News::Changed(instance, status) => {
                let path = self.objects.set(&instance, status);
                self.signal_status(&path, status).await?;
            }
            News::Reloaded => self.signal_of_daemon("VrrpReloaded").await?,
        }
        Ok(())
    }

    /// Tells what waits, and that this is the end.
    async fn leave(mut self, link: &mut Link) -> zbus::Result<()> {
        while let Ok(news) = link.news.try_recv() {
            self.tell(news).await?;
        }
        self.signal_of_daemon("VrrpStopped").await?;
        self.send(&to_bus("ReleaseName")?.build(&self.name)?).await
    }

    async fn signal_of_daemon(&self, name: &str) -> zbus::Result<()> {
        let signal = Message::signal(self.objects.daemon(), DAEMON, name)?;
        self.send(&signal.build(&())?).await
    }

    async fn signal_status(&self, path: &str, status: Status) -> zbus::Result<()> {
        let signal = Message::signal(path, INSTANCE, "VrrpStatusChange")?;
        self.send(&signal.build(&status.number())?).await
    }

    /// The answer is not waited for: it comes among the other messages.
    async fn request_name(&mut self) -> zbus::Result<()> {
        let flags = 0_u32;
        let request = to_bus("RequestName")?.build(&(&self.name, flags))?;
        self.name_request = Some(request.primary_header().serial_num());
        self.send(&request).await
    }

    async fn receive(&mut self, message: &Message, link: &Link) -> zbus::Result<()> {
        let header = message.header();
        match message.message_type() {
            Type::MethodCall => {
                let reply = self.reply_to(message, &header, link).await?;
                if !header.primary().flags().contains(Flags::NoReplyExpected) {
                    self.send(&reply).await?;
                }
            }
            Type::Signal => self.name_changed(message, &header),
            Type::MethodReturn | Type::Error => self.name_answered(message, &header),
        }
        Ok(())
    }

    /// The bus has given us the name, or has taken it.
    fn name_changed(&self, message: &Message, header: &Header<'_>) {
        let from_bus = header.sender().is_some_and(|sender| sender == BUS);
        let name: zbus::Result<String> = message.body().deserialize();
        if !from_bus || !name.is_ok_and(|name| name == self.name) {
            return;
        }
        match header.member().map(|member| member.as_str()) {
            Some("NameAcquired") => {
                tracing::info!("Acquired the name {} on the session bus", self.name);
            }
            Some("NameLost") => self.log_lost(""),
            _ => {}
        }
    }

    fn name_answered(&mut self, message: &Message, header: &Header<'_>) {
        if header.reply_serial().is_none() || header.reply_serial() != self.name_request {
            return;
        }
        self.name_request = None;
        if message.message_type() == Type::Error {
            let text: String = message.body().deserialize().unwrap_or_default();
            self.log_lost(&format!(": {text}"));
        } else if message.body().deserialize::<u32>().ok() == Some(IN_QUEUE) {
            self.log_lost("");
        }
    }

    fn log_lost(&self, reason: &str) {
        tracing::warn!("Lost the name {} on the session bus{reason}", self.name);
    }

    async fn reply_to(
        &self,
        message: &Message,
        header: &Header<'_>,
        link: &Link,
    ) -> zbus::Result<Message> {
        let words = words(message);
        let signature = message.body().signature().to_string_no_parens();
        let call = Call {
            path: header.path().map_or("", |path| path.as_str()),
            interface: header.interface().map(|name| name.as_str()),
            member: header.member().map_or("", |name| name.as_str()),
            signature: &signature,
            words: &words,
        };
        let answer = match answer(&self.objects, &call) {
            Answer::Task(task) => carry_out(task, link)
                .await
                .map_or_else(Answer::Failure, |()| Answer::Empty),
            answer => answer,
        };
        reply(header, answer)
    }

    async fn send(&self, message: &Message) -> zbus::Result<()> {
        self.connection.send(message).await
    }
}

/// Has it done, and waits for the end of it.
async fn carry_out(task: Task, link: &Link) -> Result<(), Failure> {
    let wanted = match task {
        Task::Reload => {
            link.guardian.reload();
            return Ok(());
        }
        Task::SendGarp(instance) => return send_garp(instance, link).await,
        Task::PrintData => {
            tracing::info!("Printing VRRP data on DBus request");
            Wanted {
                state: true,
                ..Wanted::default()
            }
        }
        Task::PrintStats { clear } => {
            let clearing = if clear { " and clearing" } else { "" };
            tracing::info!("Printing{clearing} VRRP stats on DBus request");
            Wanted {
                statistics: true,
                clear,
                ..Wanted::default()
            }
        }
    };
    let (done, written) = oneshot::channel();
    link.ask(Request::Print { wanted, done });
    written.await.map_err(|_| ends())
}

async fn send_garp(instance: Arc<str>, link: &Link) -> Result<(), Failure> {
    tracing::info!("Sending garps on {instance} on DBus request");
    let (done, found) = oneshot::channel();
    let text = format!("Instance '{instance}' not found");
    link.ask(Request::SendGarp { instance, done });
    match found.await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::invalid_arguments(text)),
        Err(_) => Err(ends()),
    }
}

fn ends() -> Failure {
    Failure::failed("Not done: the daemon is busy or ends")
}

fn to_bus(member: &str) -> zbus::Result<zbus::message::Builder<'_>> {
    Message::method_call("/org/freedesktop/DBus", member)?
        .destination(BUS)?
        .interface(BUS)
}

/// The leading arguments that are words, two at most.
fn words(message: &Message) -> Vec<String> {
    let body = message.body();
    match body.signature().to_string_no_parens().as_str() {
        "s" => body.deserialize::<String>().map(|word| vec![word]),
        "ss" => body
            .deserialize::<(String, String)>()
            .map(|(first, second)| vec![first, second]),
        "ssv" => body
            .deserialize::<(String, String, Value<'_>)>()
            .map(|(first, second, _)| vec![first, second]),
        _ => Ok(Vec::new()),
    }
    .unwrap_or_default()
}

fn reply(header: &Header<'_>, answer: Answer) -> zbus::Result<Message> {
    if let Answer::Failure(Failure { name, text }) = answer {
        return Message::error(header, name)?.build(&text);
    }
    let reply = Message::method_return(header)?;
    match answer {
        Answer::Text(text) => reply.build(&text),
        Answer::MachineId => reply.build(&machine_id()),
        Answer::Property(property) => reply.build(&value(property)?),
        Answer::Properties(properties) => {
            let mut values = BTreeMap::new();
            for (name, property) in properties {
                values.insert(name, value(property)?);
            }
            reply.build(&values)
        }
        Answer::Empty | Answer::Task(_) | Answer::Failure(_) => reply.build(&()),
    }
}

/// The original wraps each value in a structure of its own, as its variants show: `(s)`, `(us)`.
fn value(property: Property) -> zbus::Result<Value<'static>> {
    let fields = StructureBuilder::new();
    let fields = match property {
        Property::Name(name) => fields.add_field(name.to_string()),
        Property::State(number, word) => fields.add_field(number).add_field(word),
    };
    Ok(Value::from(fields.build()?))
}

fn machine_id() -> String {
    let places = ["/var/lib/dbus/machine-id", "/etc/machine-id"];
    let texts = places.iter().map(std::fs::read_to_string);
    let text = texts.flatten().next().unwrap_or_default();
    text.trim().to_owned()
}

const BUS: &str = "org.freedesktop.DBus";
/// `RequestName` was answered so: another has the name.
const IN_QUEUE: u32 = 2;
/// Messages that wait to be read by us; further ones wait at the bus.
const QUEUED: usize = 64;
/// A bus that says nothing is no bus.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
