# Each target installs what is missing (as root, with apt-get), builds and runs.

export PATH := $(HOME)/.cargo/bin:/usr/local/sbin:/usr/sbin:/sbin:$(PATH)
CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
INSTALL := sh xtask/install-missing.sh cc=gcc,libc6-dev

.PHONY: help demo example-failover example-route-server example-virtual-circuit test test-guest bench ci fmt lint doc docs layers release deb rpm tarball image test-install test-rpm test-static test-image test-systemd tools-package tools-demo tools-example-failover tools-example-route-server tools-example-virtual-circuit tools-test tools-clients tools-guest

help:
	@echo 'make demo    HAProxy pairs fail over, live: an unchanged one, and one in which both nodes work (a minute)'
	@echo 'make example-failover   a pair with a configuration of failover (half a minute; EXAMPLE=--beside: failover, too)'
	@echo 'make example-route-server   an address announced by BGP fails over, the usual way and with evervip (1 minute)'
	@echo 'make example-virtual-circuit   circuits are moved by a provider'"'"'s API, timed (2 minutes)'
	@echo 'make test    every test; the last line is the sum'
	@echo 'make test-guest   VLAN, VRF, ipvlan, dummy and netem under QEMU (2 minutes); part of test if QEMU is there'
	@echo 'make bench   speed beside Debian'"'"'s keepalived (15 minutes; BENCH=--quick: 8)'
	@echo 'make deb     target/debian/evervip.deb'
	@echo 'make rpm     target/rpm/evervip.rpm'
	@echo 'make tarball target/tarball/evervip-VERSION-linux-ARCH.tar.gz: static programs; make image: of them, with docker'
	@echo 'make test-static    run those in a directory that has nothing else'
	@echo 'make test-image     build the image and run it, with a docker daemon of its own, where docker is installed'
	@echo 'make test-install   install it over keepalived in a Debian of its own, and go back (2 minutes)'
	@echo 'make test-rpm    the same with the .rpm and dnf (2 minutes)'
	@echo 'make test-systemd   install, restart, reload, crash, boot under systemd in QEMU (10 minutes)'
	@echo 'make docs    the documentation as a book in target/book/html, its links followed'
	@echo 'make ci      fmt, lint, doc, layers, test'

demo: tools-demo release
	EVERVIP_DEMO_DAEMON="$${EVERVIP_DEMO_DAEMON:-$(TARGET)/release/keepalived}" \
		$(CARGO) run --quiet --locked --package evervip-demo

example-failover: tools-example-failover release
	EVERVIP_KEEPALIVED="$${EVERVIP_KEEPALIVED:-$(TARGET)/release/keepalived}" \
		$(CARGO) run --quiet --locked --package evervip-example-failover -- $(EXAMPLE)

example-route-server: tools-example-route-server release
	EVERVIP_KEEPALIVED="$${EVERVIP_KEEPALIVED:-$(TARGET)/release/keepalived}" \
		$(CARGO) run --quiet --locked --package evervip-example-route-server

example-virtual-circuit: tools-example-virtual-circuit release
	EVERVIP_KEEPALIVED="$${EVERVIP_KEEPALIVED:-$(TARGET)/release/keepalived}" \
		$(CARGO) run --quiet --locked --package evervip-example-virtual-circuit

# Examples whose programs cannot be installed say that they were skipped; so do cases without Python.
test: tools-test release
	-@$(MAKE) --silent --no-print-directory tools-clients
	-@$(MAKE) --silent --no-print-directory tools-example-route-server
	-@$(MAKE) --silent --no-print-directory tools-example-virtual-circuit
	$(CARGO) xtask test

test-guest: tools-test tools-guest release
	$(CARGO) xtask guest

bench: tools-test release
	$(CARGO) run --quiet --locked --package evervip-bench -- $(BENCH)

ci: fmt lint doc layers test

fmt:
	$(CARGO) fmt --all --check
	cd compat-tests && $(CARGO) fmt --all --check

lint:
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	for features in '' dbus snmp; do \
		$(CARGO) clippy --locked --package evervip-daemon --no-default-features \
			--features "$$features" -- -D warnings || exit 1; \
	done
	cd compat-tests && $(CARGO) clippy --locked --all-targets -- -D warnings
	cd fuzz && $(CARGO) check --locked

doc:
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --workspace --no-deps --document-private-items

layers:
	$(CARGO) xtask layers

# Installs mdbook below the target directory the first time (some minutes).
docs:
	@$(INSTALL)
	$(CARGO) xtask docs

release:
	@$(INSTALL)
	$(CARGO) build --release --locked --package evervip-daemon --package evervip-ctl

deb: release
	$(CARGO) xtask deb

rpm: release
	$(CARGO) xtask rpm

tarball:
	@$(INSTALL)
	$(CARGO) xtask tarball

# The name of the directory beside the tarball is the version's.
image: tarball
	cd $(TARGET)/tarball && docker build --tag evervip --file $(CURDIR)/packaging/Dockerfile \
		--build-arg DIRECTORY="$$(ls -d evervip-*-linux-*/ | tail -n 1)" .

test-static: tools-test
	$(CARGO) xtask static-test

test-image: tools-test
	$(CARGO) xtask image-test

test-systemd: tools-package tools-guest release
	$(CARGO) xtask systemd-test

test-install: tools-package release
	$(CARGO) xtask install-test

test-rpm: tools-package release
	$(CARGO) xtask rpm-test

tools-package:
	@$(INSTALL) debootstrap=debootstrap lintian=lintian

tools-demo:
	@$(INSTALL) ip=iproute2 haproxy=haproxy

tools-example-virtual-circuit:
	@$(INSTALL) ip=iproute2 bash=bash curl=curl jq=jq

tools-example-failover:
	@$(INSTALL) ip=iproute2

tools-example-route-server:
	@$(INSTALL) ip=iproute2 exabgp=exabgp bird=bird2 curl=curl

tools-test:
	@$(INSTALL) ip=iproute2 keepalived=keepalived dbus-daemon=dbus-daemon,dbus-bin snmpd=snmpd snmpwalk=snmp snmptrapd=snmptrapd

tools-clients:
	@$(INSTALL) pip3=python3-pip

tools-guest:
	@$(INSTALL) qemu-system-x86_64=qemu-system-x86 busybox=busybox-static cpio=cpio depmod=kmod nft=nftables
