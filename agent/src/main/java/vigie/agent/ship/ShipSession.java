package vigie.agent.ship;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import vigie.agent.spool.SpoolRecord;
import vigie.base.relp.RelpEncoder;
import vigie.base.relp.RelpFault;
import vigie.base.relp.RelpFrame;
import vigie.base.relp.RelpOffers;
import vigie.base.relp.RelpResponse;

/**
 * One session with the collector: opens, keeps the window full from the spool, takes the answers.
 * Begins behind the last acknowledged event, so what an earlier session left unanswered is sent
 * again. Everything runs on the channel's event loop but the reading of the spool.
 */
final class ShipSession extends ChannelInboundHandlerAdapter implements Session {
  private static final byte[] NOTHING = {};
  private static final int MAX_OFFERS = 32;
  private static final int MOST_UNTOLD = 10_000; // a state for each of the most probes

  private enum State {
    /** Open is sent. */
    OPENING,
    LIVE,
    /** Close is sent, or will be once the window is empty. */
    LEAVING,
    ENDED
  }

  private final Ship ship;
  private final ShipConfig config;
  private final Channel channel;
  private final RelpEncoder encoder = new RelpEncoder();
  private final Window window;
  private final Queue<byte[]> untold = new ArrayDeque<>();

  private State state = State.OPENING;
  private int txnr;
  private int closeTxnr;
  private long sentSeq;
  private boolean reading;
  private boolean finishing;
  private boolean established;
  private long progressNanos;
  private boolean watched;
  private String software = "";
  private boolean begun;

  ShipSession(Ship ship, Channel channel) {
    this.ship = ship;
    this.config = ship.config();
    this.channel = channel;
    this.window = new Window(config.windowRecords());
    this.sentSeq = ship.spool().acknowledged();
  }

  @Override
  public void begin() {
    if (!channel.isActive()) {
      end("closed", "the connection was closed");
      return;
    }
    ByteBuf out = channel.alloc().buffer();
    encoder.frame(
        out, ++txnr, RelpFrame.OPEN, ship.offers().print().getBytes(StandardCharsets.UTF_8));
    channel.writeAndFlush(out, channel.voidPromise());
    progressNanos = ship.clock().nanos();
    watch();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (!(message instanceof RelpFrame frame)) {
      ReferenceCountUtil.release(message);
      return;
    }
    if (state == State.ENDED) {
      return;
    }
    switch (frame.command()) {
      case RelpFrame.RSP -> response(frame);
      case RelpFrame.SERVERCLOSE -> end("closed", "the collector ended the session");
      default ->
          throw new RelpFault("command", "\"" + frame.command() + "\" is no command for a client");
    }
  }

  private void response(RelpFrame frame) {
    RelpResponse response = RelpResponse.parse(frame.data());
    if (state == State.OPENING && frame.txnr() == 1) {
      opened(frame, response);
      return;
    }
    if (closeTxnr > 0 && frame.txnr() == closeTxnr) {
      end("", "");
      return;
    }
    long seq = window.seqOf(frame.txnr());
    if (seq < 0) {
      throw new RelpFault(
          "response", "an answer came to txnr " + frame.txnr() + ", which has none due");
    }
    if (!response.isOk()) {
      // Kept, since it may be taken another day: an event is dropped only where the spool is full.
      end("refused", "event " + seq + " was answered " + response.code() + " " + response.text());
      return;
    }
    window.answer(frame.txnr());
  }

  private void opened(RelpFrame frame, RelpResponse response) {
    RelpOffers offers = RelpOffers.parse(frame.data(), response.end(), MAX_OFFERS);
    software = offers.values().getOrDefault("relp_software", "");
    if (!response.isOk()) {
      end("refused", "open was answered " + response.code() + " " + response.text());
    } else if (!offers.hasCommand(RelpFrame.SYSLOG)) {
      end("refused", "the collector does not offer the command syslog");
    } else {
      state = State.LIVE;
      ship.meters().connects.increment();
      progressNanos = ship.clock().nanos();
      if (ship.spool().last() <= sentSeq) {
        establish();
      }
      pump();
    }
  }

  /** Only now does the way count as good: an answer to open says nothing about events. */
  private void establish() {
    if (!established) {
      established = true;
      ship.established(software);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    int before = window.count();
    long seq = window.advance();
    int gone = before - window.count();
    if (gone > 0) {
      progressNanos = ship.clock().nanos();
      ship.meters().acknowledged.increment(gone);
      if (seq > 0) {
        ship.spool().acknowledge(seq);
      }
      if (state != State.ENDED) {
        establish();
        pump();
      }
    }
  }

  /** Reads on in the spool where there is room enough for a batch and nobody reads already. */
  @Override
  public void pump() {
    if (state == State.LIVE && txnr >= config.renewAt()) {
      state = State.LEAVING; // what is in the window is answered first
    }
    if (state == State.LEAVING || finishing) {
      leaveIfDone();
    }
    tellWhatFits();
    long bytes = config.windowBytes() - window.bytes();
    if (state != State.LIVE
        || reading
        || (window.count() > 0 && window.room() < config.windowRecords() / 4)
        || window.room() < 1
        || bytes < 1
        || ship.spool().last() <= sentSeq) {
      return;
    }
    int room = Math.min(window.room(), config.renewAt() - txnr);
    reading = ship.read(this, sentSeq, room, (int) bytes, this::send);
  }

  private void send(List<SpoolRecord> records) {
    reading = false;
    if (state == State.LEAVING) {
      leaveIfDone();
    }
    if (state != State.LIVE || records.isEmpty()) {
      return; // an empty read is repeated when the spool says that there is more
    }
    int size = 0;
    for (SpoolRecord record : records) {
      size += record.data().length + RelpEncoder.OVERHEAD;
    }
    ByteBuf out = channel.alloc().buffer(size);
    for (SpoolRecord record : records) {
      write(out, record.seq(), begun ? record.data() : first(record));
      begun = true;
    }
    sentSeq = records.get(records.size() - 1).seq();
    flush(out, records.size());
    pump();
  }

  /**
   * Where several collectors take turns, each session says what it does not send since one of them
   * has it: to this one the numbers up to there are not lost, but perhaps elsewhere.
   */
  private byte[] first(SpoolRecord record) {
    long settled = record.seq() - 1;
    return config.targets().size() > 1 && settled > 0
        ? record.with("elsewhere", settled)
        : record.data();
  }

  @Override
  public void tell(byte[] record) {
    if (state == State.LIVE && untold.size() < MOST_UNTOLD) {
      untold.add(record);
      tellWhatFits();
    }
  }

  private void tellWhatFits() {
    int records = Math.min(untold.size(), window.room());
    if (state != State.LIVE || reading || records == 0) {
      return; // while reading, the room is promised to what is read
    }
    ByteBuf out = channel.alloc().buffer();
    for (int i = 0; i < records; i++) {
      write(out, 0, untold.remove());
    }
    flush(out, records);
  }

  private void write(ByteBuf out, long seq, byte[] data) {
    if (window.count() == 0) {
      progressNanos = ship.clock().nanos();
    }
    encoder.syslog(out, ++txnr, data);
    window.add(txnr, seq, data.length);
    ship.meters().bytes.increment(data.length);
  }

  private void flush(ByteBuf out, int records) {
    ship.meters().sent.increment(records);
    channel.writeAndFlush(out, channel.voidPromise());
    watch();
  }

  @Override
  public void leave() {
    if (state == State.LIVE) {
      state = State.LEAVING;
      progressNanos = ship.clock().nanos();
      watch();
      leaveIfDone();
    }
  }

  @Override
  public void finish() {
    finishing = true;
    if (state == State.OPENING) {
      end("", "");
    } else {
      pump();
    }
  }

  private void leaveIfDone() {
    boolean done =
        window.count() == 0
            && !reading
            && closeTxnr == 0
            && (state == State.LEAVING || (state == State.LIVE && ship.spool().last() <= sentSeq));
    if (done) {
      state = State.LEAVING;
      closeTxnr = ++txnr;
      ByteBuf out = channel.alloc().buffer(32);
      encoder.frame(out, closeTxnr, RelpFrame.CLOSE, NOTHING);
      channel.writeAndFlush(out, channel.voidPromise());
      progressNanos = ship.clock().nanos();
      watch();
    }
  }

  /** Makes sure that somebody looks whether an answer that is due has come. */
  private void watch() {
    if (!watched) {
      watched = true;
      ship.after(limit(), this::checkAnswers);
    }
  }

  private Duration limit() {
    return state == State.OPENING ? config.open() : config.noAnswer();
  }

  private void checkAnswers() {
    watched = false;
    if (state == State.ENDED || (state == State.LIVE && window.count() == 0)) {
      return;
    }
    long left = limit().toNanos() - (ship.clock().nanos() - progressNanos);
    if (left <= 0) {
      end("timeout", "no answer for " + limit().toSeconds() + " s");
    } else {
      watched = true;
      ship.after(Duration.ofNanos(left), this::checkAnswers);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    String tls = ShipTls.explain(cause);
    if (cause instanceof RelpFault) {
      end("protocol", String.valueOf(cause.getMessage()));
    } else if (tls != null) {
      end("tls", tls);
    } else {
      closed(String.valueOf(cause.getMessage()));
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    closed("the connection was closed");
  }

  private void closed(String cause) {
    end("closed", state == State.OPENING ? ShipTls.explainEarly(channel, cause) : cause);
  }

  @Override
  public void end(String reason, String cause) {
    if (state == State.ENDED) {
      return;
    }
    boolean meant = reason.isEmpty() || closeTxnr > 0;
    state = State.ENDED;
    channel.close();
    ship.ended(meant ? "" : reason, cause, established);
  }
}
