#!/bin/sh
# Brings SimpleSAMLphp for the tests of sign-ins, unless it is there: its Debian package without the web server that the
# package wants, since PHP's own serves it; and PHP with the extensions that it needs.
set -eu
if ! php -r 'exit(extension_loaded("dom") && extension_loaded("mbstring") ? 0 : 1);' 2>/dev/null; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends php-cli php-xml php-mbstring
fi
if [ -d /usr/share/simplesamlphp/www ] || [ -d /opt/simplesamlphp/usr/share/simplesamlphp/www ]; then exit 0; fi
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cd "$copy"
apt-get update -qq
apt-get download -qq simplesamlphp
dpkg-deb -x simplesamlphp_*.deb /opt/simplesamlphp
