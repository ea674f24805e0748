#!/bin/bash
# healthy.sh PORT PATH: whether the program in this container answers PATH with 200. By bash alone: to start Java for it every
# half minute would cost a Pi Zero more than its scrapes do.
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3
read -r -t 4 _ status _ <&3 && [ "$status" = 200 ]
