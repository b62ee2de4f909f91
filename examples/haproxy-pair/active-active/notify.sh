#!/bin/sh
# Called with INSTANCE or GROUP, its name, the new state and the priority. Short, and never waits: what
# takes long belongs into a service that this starts.
echo "$*" >>/run/notify.log
