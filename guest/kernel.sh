# Sourced: Debian's cloud kernel, unpacked, and its modules for an initramfs. Wants skip().

# fetch_kernel DIRECTORY: unpacks the kernel there unless it is; $version is its version.
fetch_kernel() {
    if [ ! -d "$1/lib/modules" ]; then
        package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
            sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
        [ -n "$package" ] || skip "no kernel package is known (apt-get update)"
        download=$(mktemp -d)
        (cd "$download" && apt-get -qq download "$package" >/dev/null 2>&1) ||
            skip "$package cannot be had"
        rm -rf "$1"
        mkdir -p "$1"
        dpkg-deb -x "$download/$package"_*.deb "$1"
        rm -rf "$download"
    fi
    version=$(ls "$1/lib/modules" | head -n 1)
    depmod -b "$1" "$version"
}

# copy_modules KERNEL-DIRECTORY ROOT MODULE...: those and what they need.
copy_modules() {
    from=$1
    to=$2
    shift 2
    mkdir -p "$to/lib/modules/$version"
    for module; do
        modprobe -S "$version" -d "$from" --show-depends "$module" 2>/dev/null |
            sed -n 's/^insmod \([^ ]*\).*/\1/p'
    done | sort -u | while read -r file; do
        inside=/lib/modules/${file#*/lib/modules/}
        mkdir -p "$to$(dirname "$inside")"
        cp "$file" "$to$inside"
    done
    for list in modules.order modules.builtin modules.builtin.modinfo; do
        cp "$from/lib/modules/$version/$list" "$to/lib/modules/$version/"
    done
    depmod -b "$to" "$version"
}
