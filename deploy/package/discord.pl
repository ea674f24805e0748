# A Discord of a few lines: takes every post and edit, and writes each to a line of /tmp/discord.log.
use strict;
use warnings;
use IO::Socket::INET;
$| = 1;
open(my $log, '>>', '/tmp/discord.log') or die $!;
$log->autoflush(1);
my $listen = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1:8100', ReuseAddr => 1) or die $!;
while (my $peer = $listen->accept) {
  next if fork;
  while (defined(my $request = <$peer>)) {
    my ($length, $body) = (0, '');
    while (my $line = <$peer>) {
      last if $line =~ /^\r?\n$/;
      $length = $1 if $line =~ /^content-length:\s*(\d+)/i;
    }
    read($peer, $body, $length) if $length;
    $request =~ s/\s+$//;
    $body =~ s/\s+/ /g;
    $body =~ s/[^\x20-\x7e]/?/g; # a picture
    print $log "$request $body\n";
    my $answer = '{"id":"1000000000000000001","channel_id":"2","content":"","embeds":[],"type":0,"timestamp":"2026-01-01T00:00:00.000000+00:00"}';
    print $peer "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " . length($answer) . "\r\n\r\n$answer";
  }
  exit;
}
