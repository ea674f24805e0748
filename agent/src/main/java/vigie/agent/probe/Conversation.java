package vigie.agent.probe;

import com.google.re2j.Matcher;
import com.google.re2j.Pattern;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.agent.probe.Exchange.Anywhere;
import vigie.agent.probe.Exchange.Exactly;
import vigie.agent.probe.Exchange.Granted;
import vigie.agent.probe.Exchange.Labels;
import vigie.agent.probe.Exchange.Line;
import vigie.agent.probe.Exchange.Refused;
import vigie.agent.probe.Exchange.Send;
import vigie.agent.probe.Exchange.StartTls;
import vigie.agent.probe.Measure.Sample;

/**
 * Holds a dialogue with the peer of one connection, exchange by exchange, and ends the run where it
 * goes wrong. On the run's event loop alone. To Netty it is sharable, since a run that tries
 * several addresses puts it into one channel after another; it hears of none but the last.
 */
@ChannelHandler.Sharable
final class Conversation extends SimpleChannelInboundHandler<ByteBuf> {
  static final Measure FAILED_REGEX =
      Measure.of(
          "probe_failed_due_to_regex",
          "1 if the last run failed because an expression did or did not match.");
  static final Measure FAILED_BYTES =
      Measure.of("probe_failed_due_to_bytes", "1 if the last run failed because other bytes came.");

  static final Sample REGEX_FINE = FAILED_REGEX.sample(0);
  static final Sample BYTES_FINE = FAILED_BYTES.sample(0);

  /** What {@link Anywhere} looks at. */
  private static final int MOST_ANYWHERE = 4096;

  private static final int MOST_LINE = 64 * 1024;
  private static final int MOST_READ = 1024 * 1024;

  private final NetRun run;
  private final List<Exchange> exchanges;
  private final TlsStarter tls;
  private final Runnable finished;
  private @Nullable Channel channel;
  private int at;
  private byte[] buffer = {};
  private int size;
  private long read;
  private boolean securing;
  private boolean closed;
  private @Nullable Matcher lastMatch;
  private @Nullable Sample labels;
  private boolean failedRegex;
  private boolean failedBytes;
  // What came since the present exchange began, for the reason.
  private final StringBuilder got = new StringBuilder();

  /** Begins TLS on the connection and goes on afterwards; ends the run where that fails. */
  interface TlsStarter {
    void start(Channel channel, Runnable then);
  }

  /**
   * Does nothing yet.
   *
   * @param finished after the last exchange
   */
  Conversation(NetRun run, List<Exchange> exchanges, TlsStarter tls, Runnable finished) {
    this.run = run;
    this.exchanges = exchanges;
    this.tls = tls;
    this.finished = finished;
  }

  /** Begins with the first exchange. */
  void begin(Channel open) {
    channel = open;
    goOn();
  }

  /** What it has measured so far. */
  void measure(List<Sample> into) {
    into.add(failedRegex ? FAILED_REGEX.sample(1) : REGEX_FINE);
    into.add(failedBytes ? FAILED_BYTES.sample(1) : BYTES_FINE);
    Sample info = labels;
    if (info != null) {
      into.add(info);
    }
  }

  /** The reason where the time is over; null where it waits for nothing. */
  @Nullable String late(String after) {
    if (securing) {
      return after + " during the TLS handshake";
    }
    if (channel == null || at >= exchanges.size() || !isReading()) {
      return null;
    }
    return got.isEmpty() ? expected() + ", " + after : expected();
  }

  private boolean isReading() {
    Exchange now = exchanges.get(at);
    return !(now instanceof Send || now instanceof StartTls);
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, ByteBuf bytes) {
    int more = bytes.readableBytes();
    if (run.isOver()) {
      return;
    }
    if (size + more > buffer.length) {
      buffer = Arrays.copyOf(buffer, Math.max(size + more, 2 * size));
    }
    bytes.readBytes(buffer, size, more);
    read += more;
    String text = new String(buffer, size, more, StandardCharsets.UTF_8);
    size += more;
    if (got.length() < MOST_ANYWHERE) {
      got.append(text);
    }
    if (run.isTold()) {
      run.step("got " + PeerWords.quoted(text));
    }
    if (channel != null && at < exchanges.size() && isReading()) {
      goOn();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    closed = true;
    if (channel == null || securing || run.isOver() || at >= exchanges.size()) {
      return;
    }
    if (!isReading()) {
      run.down("the peer closed the connection");
      return;
    }
    failedRegex = !(exchanges.get(at) instanceof Exactly);
    run.down(got.isEmpty() ? expected() + ", the peer closed the connection" : expected());
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (channel != null && !securing && !run.isOver()) {
      run.failed(cause);
    }
  }

  /** Does one exchange after another until one has to wait. */
  private void goOn() {
    Channel open = channel;
    while (open != null && !run.isOver() && at < exchanges.size()) {
      if (!isDone(exchanges.get(at), open)) {
        return;
      }
      next();
    }
    if (!run.isOver() && at >= exchanges.size()) {
      finished.run();
    }
  }

  private void next() {
    at++;
    read = size;
    got.setLength(0);
    if (size > 0) {
      got.append(new String(buffer, 0, size, StandardCharsets.UTF_8));
    }
  }

  /** Whether the exchange is done; otherwise it goes on with what comes, or the run is over. */
  private boolean isDone(Exchange exchange, Channel open) {
    if (exchange instanceof Send send) {
      send(send, open);
      return false;
    }
    if (exchange instanceof StartTls) {
      secure(open);
      return false;
    }
    if (exchange instanceof Line line) {
      return readLine(line);
    }
    if (exchange instanceof Anywhere anywhere) {
      return isAnywhere(anywhere.expect());
    }
    if (exchange instanceof Exactly exactly) {
      return isExactly(exactly.bytes());
    }
    if (exchange instanceof Granted granted) {
      return isGranted(granted);
    }
    throw new AssertionError(exchange);
  }

  private void send(Send send, Channel open) {
    Matcher match = lastMatch;
    String text = send.expand() && match != null ? Expansion.of(send.text(), match) : send.text();
    open.writeAndFlush(Unpooled.wrappedBuffer(text.getBytes(send.charset())))
        .addListener(
            written -> {
              if (run.isOver()) {
                return;
              }
              if (written.isSuccess()) {
                if (run.isTold()) {
                  run.step("sent " + PeerWords.quoted(text));
                }
                next();
                run.guarded(this::goOn);
              } else if (!closed) {
                run.failed(written.cause());
              }
            });
  }

  private void secure(Channel open) {
    securing = true;
    size = 0; // What came before in the clear is not to be taken for what comes after.
    tls.start(
        open,
        () -> {
          securing = false;
          next();
          goOn();
        });
  }

  private boolean readLine(Line line) {
    int from = 0;
    while (from < size) {
      int end = indexOfEnd(from);
      String text = text(from, end < 0 ? size : end);
      Matcher matcher = line.expect().matcher(text);
      boolean matches = matcher.find();
      int rest = end < 0 ? size : end + 1;
      if (matches) {
        consume(rest);
        matched(line, matcher);
        return true;
      }
      Pattern refusal = line.refusal();
      if (end >= 0 && refusal != null && refusal.matcher(text).find()) {
        run.down(line.refused() + ", it said " + PeerWords.quoted(text));
        return false;
      }
      if (end < 0) {
        break;
      }
      from = rest;
    }
    consume(from);
    if (size > MOST_LINE || read > MOST_READ) {
      run.down(
          expected() + " in the first " + (size > MOST_LINE ? MOST_LINE : MOST_READ) + " bytes");
    }
    return false;
  }

  private void matched(Line line, Matcher matcher) {
    lastMatch = matcher;
    failedRegex = false;
    Labels wanted = line.labels();
    if (wanted != null) {
      String[] values =
          wanted.values().stream()
              .map(value -> Expansion.of(value, matcher))
              .toArray(String[]::new);
      labels = wanted.measure().sample(1, values);
    }
  }

  private boolean isAnywhere(Pattern expect) {
    int length = Math.min(size, MOST_ANYWHERE);
    Matcher matcher = expect.matcher(new String(buffer, 0, length, StandardCharsets.UTF_8));
    if (matcher.find()) {
      lastMatch = matcher;
      consume(size);
      return true;
    }
    if (size >= MOST_ANYWHERE) {
      failedRegex = true;
      run.down(expected() + " in the first " + MOST_ANYWHERE + " bytes");
    }
    return false;
  }

  private boolean isExactly(String wanted) {
    if (size < wanted.length()) {
      return false;
    }
    String came = new String(buffer, 0, wanted.length(), StandardCharsets.ISO_8859_1);
    if (!came.equals(wanted)) {
      failedBytes = true;
      run.down(expected());
      return false;
    }
    consume(wanted.length());
    return true;
  }

  private boolean isGranted(Granted granted) {
    try {
      Boolean answer = granted.by().look(buffer, size);
      if (answer == null && read > MOST_ANYWHERE) {
        run.down(expected());
      }
      return answer != null;
    } catch (Refused refused) {
      run.down(String.valueOf(refused.getMessage()));
      return false;
    }
  }

  private int indexOfEnd(int from) {
    for (int i = from; i < size; i++) {
      if (buffer[i] == '\n') {
        return i;
      }
    }
    return -1;
  }

  private String text(int from, int to) {
    int end = to > from && to < size && buffer[to - 1] == '\r' ? to - 1 : to;
    return new String(buffer, from, end - from, StandardCharsets.UTF_8);
  }

  private void consume(int bytes) {
    System.arraycopy(buffer, bytes, buffer, 0, size - bytes);
    size -= bytes;
  }

  private String expected() {
    Exchange now = exchanges.get(at);
    String what =
        now instanceof Line line
            ? PeerWords.quoted(line.expect().pattern())
            : now instanceof Anywhere anywhere
                ? PeerWords.quoted(anywhere.expect().pattern())
                : now instanceof Exactly exactly ? PeerWords.quoted(exactly.bytes()) : "an answer";
    return "expected " + what + " got " + (got.isEmpty() ? "nothing" : PeerWords.quoted(got));
  }
}
