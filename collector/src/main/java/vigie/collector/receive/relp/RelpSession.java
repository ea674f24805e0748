package vigie.collector.receive.relp;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.net.Addresses;
import vigie.base.net.EventLoops;
import vigie.base.net.Peer;
import vigie.base.relp.RelpEncoder;
import vigie.base.relp.RelpFault;
import vigie.base.relp.RelpFrame;
import vigie.base.relp.RelpFramer;
import vigie.base.relp.RelpLimits;
import vigie.base.relp.RelpOffers;
import vigie.base.syslog.SyslogFrames;
import vigie.base.syslog.SyslogMessage;
import vigie.base.syslog.SyslogParser;
import vigie.base.time.Clock;
import vigie.collector.event.Event;
import vigie.collector.event.EventSink;
import vigie.collector.event.SyslogRecords;
import vigie.collector.receive.Limit;
import vigie.collector.receive.Receiving;
import vigie.collector.receive.Records;
import vigie.collector.receive.Senders;
import vigie.collector.receive.Turns;

/**
 * One RELP session: open, records, close.
 *
 * <p>Frames come in on the event loop. What one read brought waits for its source's turn and goes
 * to the sink, which may block: foreign records as columns, an agent's as events. Where nothing
 * else waits and the disk is quick, the event loop does that itself. The sink says on any thread
 * when they are durable; back on the event loop the answers go out in the order of the frames.
 * While too much is unanswered the socket is not read.
 *
 * <p>Once open is answered no record is ever answered with anything but 200: rsyslog throws away
 * what gets a 500. All that goes wrong later ends the session, and the peer sends again what was
 * not answered.
 */
final class RelpSession extends ByteToMessageDecoder {
  private static final Logger log = LoggerFactory.getLogger(RelpSession.class);
  private static final long LINGER_NANOS = 2_000_000_000L;

  /**
   * Handed on at once: parsing begins while more is read. With a record of 4 KiB more it is kept.
   */
  private static final int BATCH_BYTES = 60 << 10;

  /** Which limit a fault was of. */
  private static final Map<String, Limit> LIMITS =
      Map.of(
          "length", Limit.DECLARED_BYTES,
          "open_timeout", Limit.HANDSHAKE_TIMEOUT,
          "partial_timeout", Limit.PARTIAL_TIMEOUT);

  private enum State {
    /** Connected; only open is welcome. */
    NEW,
    OPEN,
    /** Takes no more frames; ends once all is answered. */
    ENDING,
    /** serverclose is out; waits for the peer to close, so that no reset overtakes it. */
    LINGERING
  }

  /** What one read brought: taken as one, so that a sync and an answer serve all of it. */
  private final class Read implements Turns.Work {
    private final SyslogRecords records = receiver.receiving().emptyRecords();
    private final RelpFramer.Taker taker = records.frames()::add;
    private final Instant arrived = clock.now();
    private final int firstTxnr;
    private int count;
    private int bytes;
    private volatile boolean durable;

    /** Whether its bytes are freed, or will be with its answers. */
    private final AtomicBoolean settled = new AtomicBoolean();

    Read(int firstTxnr) {
      this.firstTxnr = firstTxnr;
    }

    /** Takes the frame whose turn it is. */
    void add(ByteBuf in) {
      framer.data(in, taker);
      count++;
      bytes = records.frames().length();
    }

    @Override
    public int size() {
      return bytes + 64 * count;
    }

    /** On the executor, or on the event loop. */
    @Override
    public void take() {
      receiver.meters().records.increment(count);
      receiver.meters().bytes.increment(bytes);
      try {
        if (refused || !store()) {
          drop();
        }
      } catch (RuntimeException | Error failure) { // else its source would wait for ever
        log.error("records could not be taken peer={}", peer, failure);
        if (settled.compareAndSet(false, true)) {
          source.done(bytes); // the records are not given back: the sink may still have them
        }
        refuse("the records could not be taken");
      }
    }

    /** Gives all of it to the sink, or nothing: then false. */
    private boolean store() {
      SyslogFrames frames = records.frames();
      SyslogMessage message = parser.emptyMessage();
      Receiving receiving = receiver.receiving();
      Records maker = receiver.records();
      Instant received = receiving.received();
      records.received(received);
      Senders senders = receiving.senders();
      String bound = senders.boundTo(who);
      List<EventSink.Arrival> arrivals = null; // once one is an agent's
      int empty = count - frames.count();
      for (int i = 0; i < frames.count(); i++) {
        boolean isCut = frames.isCut(i);
        if (isCut) {
          receiver.meters().cut.increment();
          receiving.meters().hit(Limit.RECORD_BYTES);
        }
        if (!parser.parse(frames.bytes(), frames.start(i), frames.end(i), arrived, message)) {
          empty++;
          continue;
        }
        Event own = maker.own(message, arrived, received, who, isCut);
        if (own != null) {
          if (!mayTell(senders, own) || !claims(own)) {
            return false;
          }
          arrivals = arrivals == null ? records.arrivals() : arrivals;
          arrivals.add(maker.arrival(own, message, bound, isCut));
        } else if (receiving.router().route(message)) {
          if (arrivals == null) {
            maker.addForeign(records, message, arrived, who, bound, isCut);
          } else {
            Event event = maker.foreign(message, arrived, received, who, bound, isCut);
            arrivals.add(maker.arrival(event, message, bound, isCut));
          }
        }
      }
      receiver.meters().empty.increment(empty);
      if (arrivals != null) {
        receiving.sink().accept(arrivals, this::durable);
        giveBack(); // what became of them are copies
      } else if (records.count() == 0) {
        durable();
        giveBack();
      } else if (source.isAlone(bytes)) {
        receiving.sink().acceptAlone(records, this::durable, this::giveBack);
      } else {
        receiving.sink().accept(records, this::durable, this::giveBack);
      }
      return true;
    }

    @Override
    public void refused() {
      drop();
      channel.eventLoop().execute(() -> giveUp("the collector is shutting down"));
    }

    private void drop() {
      source.done(bytes);
      giveBack();
    }

    private void giveBack() {
      receiver.receiving().emptied(records);
    }

    /** All of it is durable, or need not be. */
    private void durable() {
      if (!settled.compareAndSet(false, true)) {
        return;
      }
      durable = true;
      if (!answering.compareAndSet(false, true)) {
        return;
      }
      if (channel.eventLoop().inEventLoop()) {
        answerOrClose(); // before the listeners are told, for the peer waits
      } else {
        channel.eventLoop().execute(RelpSession.this::answerOrClose);
      }
    }
  }

  private final RelpReceiver receiver;
  private final RelpLimits limits;
  private final Channel channel;
  private final RelpFramer framer;
  private final Peer who;
  private final String peer;
  private final Clock clock;
  private final Turns.Source source;
  private final RelpEncoder encoder = new RelpEncoder();

  // Owned by the event loop.
  private State state = State.NEW;
  private int lastTxnr;
  private int closeTxnr;
  private final ArrayDeque<Read> unanswered = new ArrayDeque<>();
  private int unansweredRecords;
  private long unansweredBytes;

  /** The last of these while it is still filled. */
  private @Nullable Read reading;

  private int partial;
  private final long connectedNanos;
  private long lastReadNanos;
  private long lastFrameNanos;
  private long deadlineNanos;
  private String why = "connection lost";

  private volatile boolean closed;
  private final AtomicBoolean answering = new AtomicBoolean();

  /** Whether a look is due when there is more room; owned by the event loop. */
  private boolean stalled;

  // Owned by the one run that takes.
  private final SyslogParser parser;
  private Identities.@Nullable Identity identity;
  private volatile String node = "";
  private boolean refused;

  RelpSession(RelpReceiver receiver, Channel channel, Peer who) {
    this.receiver = receiver;
    this.limits = receiver.limits();
    this.channel = channel;
    this.framer = new RelpFramer(limits);
    this.parser = receiver.records().parser();
    this.who = who;
    this.peer = name(channel, who);
    this.clock = receiver.receiving().clock();
    this.source = receiver.receiving().turns().source(who.name());
    this.connectedNanos = clock.nanos();
    this.lastReadNanos = connectedNanos;
    this.lastFrameNanos = connectedNanos;
  }

  private static String name(Channel channel, Peer who) {
    String address =
        channel.remoteAddress() instanceof InetSocketAddress remote
            ? Addresses.format(remote)
            : who.address();
    return who.certificate().isEmpty() ? address : who.certificate() + "@" + address;
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    try {
      while ((state == State.NEW || state == State.OPEN) && framer.next(in)) {
        frame(in);
      }
    } catch (RelpFault fault) {
      fault(fault.reason(), String.valueOf(fault.getMessage()));
    }
    if (state == State.ENDING || state == State.LINGERING) {
      in.skipBytes(in.readableBytes()); // the peer sends it again in another session
    }
  }

  private void frame(ByteBuf in) {
    int txnr = framer.txnr();
    int expected = next(lastTxnr);
    if (txnr != expected) {
      fault("txnr", "txnr " + txnr + " came where " + expected + " was due");
      return;
    }
    lastTxnr = expected;
    String command = framer.command();
    if (state == State.NEW) {
      if (command.equals(RelpFrame.OPEN)) {
        open(new RelpFrame(txnr, command, framer.data(in), framer.length()));
      } else {
        fault("command", "\"" + command + "\" came before open");
      }
      return;
    }
    switch (command) {
      case RelpFrame.SYSLOG -> record(in);
      case RelpFrame.CLOSE -> {
        closeTxnr = txnr;
        end("closed by peer");
      }
      default -> fault("command", "\"" + command + "\" is not a command for this session");
    }
  }

  private static int next(int txnr) {
    return txnr == RelpFrame.MAX_TXNR ? 1 : txnr + 1;
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    lastReadNanos = clock.nanos();
    takeOrHandOver();
    // Not super's: that asks for one more read where nothing is to be read.
    discardSomeReadBytes();
    if (!holdPartial(actualReadableBytes() + framer.heldBytes())) {
      fault("memory", "too many records that are not whole yet, limits.queue_bytes");
    }
    updateReading();
  }

  /** Answers open: with version 0 whatever was offered, for omrelp takes no other. */
  private void open(RelpFrame frame) {
    String refusal = "";
    String software = "";
    if (frame.isCut()) {
      refusal = "500 open has more than " + limits.openBytes() + " bytes";
      receiver.receiving().meters().hit(Limit.OPEN_BYTES);
    } else {
      try {
        RelpOffers offers = RelpOffers.parse(frame.data(), 0, limits.offers());
        software = offers.values().getOrDefault("relp_software", "");
        if (!offers.hasCommand(RelpFrame.SYSLOG)) {
          refusal = "500 required command not supported by client";
        }
      } catch (RelpFault tooMany) {
        receiver.receiving().meters().hit(Limit.OFFERS);
        refusal = "500 " + tooMany.getMessage();
      }
    }
    if (refusal.isEmpty()) {
      state = State.OPEN;
      lastFrameNanos = clock.nanos();
    }
    String answer = refusal.isEmpty() ? "200 OK\n" + receiver.offers().print() : refusal;
    ByteBuf out = channel.alloc().buffer();
    encoder.frame(out, frame.txnr(), RelpFrame.RSP, answer.getBytes(StandardCharsets.UTF_8));
    channel.writeAndFlush(out, channel.voidPromise());
    if (!refusal.isEmpty()) {
      fault("open", refusal);
      return;
    }
    log.info("session opened peer={} software={}", peer, software);
  }

  private void record(ByteBuf in) {
    Read now = reading;
    if (now == null) {
      now = new Read(lastTxnr);
      reading = now;
      unanswered.add(now);
    }
    unansweredBytes -= now.bytes;
    now.add(in);
    unansweredBytes += now.bytes;
    unansweredRecords++;
    if (now.bytes >= BATCH_BYTES) {
      handOver();
    }
  }

  /** Gives what one read brought to the source's turns. */
  private void handOver() {
    Read full = filled();
    if (full != null) {
      source.add(full, full.count, full.bytes);
    }
  }

  /** The same once nothing more is to be read; on this thread where the disk is quick. */
  private void takeOrHandOver() {
    Read full = filled();
    if (full == null) {
      return;
    }
    if (receiver.receiving().sink().isPrompt()) {
      source.addOrTake(full, full.count, full.bytes);
    } else {
      source.add(full, full.count, full.bytes);
    }
  }

  private @Nullable Read filled() {
    Read full = reading;
    reading = null;
    if (full != null) {
      lastFrameNanos = clock.nanos();
    }
    return full;
  }

  /** Whether the certificate lets this session speak for the node that the agent's event names. */
  private boolean mayTell(Senders senders, Event event) {
    if (senders.mayTell(who, event.node())) {
      return true;
    }
    receiver.meters().refused("name");
    receiver
        .receiving()
        .faults()
        .tell(
            who.certificate(),
            "its certificate is for "
                + who.certificate()
                + " but it sends as node "
                + event.node()
                + "; give the node that name, or list the certificate under tls.relays");
    refuse("node name is not the certificate's");
    return false;
  }

  /** Whether this session may speak for the spool that the event comes from. */
  private boolean claims(Event event) {
    Event.Origin origin = event.origin();
    if (origin == null
        || (identity != null
            && identity.spool().equals(origin.spool())
            && identity.node().equals(event.node()))) {
      return true;
    }
    Identities.Identity claimed = new Identities.Identity(event.node(), origin.spool());
    RelpSession holder = receiver.identities().claim(claimed, this);
    if (holder == this) {
      identity = claimed;
      node = claimed.node();
      return true;
    }
    receiver.meters().refused("identity");
    if (receiver.identities().isNews(claimed)) {
      log.warn(
          "spool identity is in use by another session, the newer one is refused;"
              + " if two nodes were made from one image, delete the spool of one"
              + " node={} spool={} peer={} other={}",
          claimed.node(),
          claimed.spool(),
          peer,
          holder.peer);
    }
    refuse("spool identity in use");
    return false;
  }

  /** The node whose agent it is, {@code ""} while that is not known. */
  String node() {
    return node;
  }

  /** How long ago the peer's kernel answered last. */
  Duration quiet() {
    return EventLoops.sinceAnswer(channel);
  }

  private void refuse(String reason) {
    refused = true;
    channel.eventLoop().execute(() -> giveUp(reason));
  }

  /** A peer whose answers are lost sends its records again in another session. */
  private void answerOrClose() {
    try {
      answer();
    } catch (RuntimeException | Error failure) { // or the sink would tell nobody of the events
      state = State.LINGERING;
      channel.close();
      answer(); // only frees what else is due, since nothing is sent any more
      log.error("answers could not be sent peer={}", peer, failure);
    }
  }

  /** Sends the answers that are due, all in one write, and ends if that was the last of them. */
  private void answer() {
    answering.set(false);
    ByteBuf out = null;
    int count = 0;
    long bytes = 0;
    try {
      for (Read head = unanswered.peek(); head != null && head.durable; head = unanswered.peek()) {
        unanswered.poll();
        bytes += head.bytes;
        count += head.count;
        if (state != State.LINGERING && channel.isActive()) {
          out = out == null ? channel.alloc().buffer(24 * head.count) : out;
          for (int i = 0, txnr = head.firstTxnr; i < head.count; i++, txnr = next(txnr)) {
            encoder.ok(out, txnr);
          }
        }
      }
    } catch (RuntimeException | Error failure) {
      if (out != null) {
        out.release();
      }
      throw failure;
    } finally {
      if (count > 0) {
        receiver.meters().answered.increment(count);
        receiver.meters().messages.increment(count);
        source.done(bytes);
        unansweredRecords -= count;
        unansweredBytes -= bytes;
      }
    }
    if (out != null) {
      channel.writeAndFlush(out, channel.voidPromise());
    }
    if (state == State.ENDING && unanswered.isEmpty()) {
      farewell();
    } else {
      updateReading();
    }
  }

  /** Reads the socket only while there is room for what comes. */
  void updateReading() {
    boolean room =
        state == State.NEW
            || state == State.LINGERING
            || (state == State.OPEN && hasRoom() && channel.isWritable());
    if (channel.config().isAutoRead() != room) {
      channel.config().setAutoRead(room);
      if (room) {
        lastReadNanos = clock.nanos();
      }
    }
  }

  private boolean hasRoom() {
    if (unansweredRecords >= limits.unackedRecords() || unansweredBytes >= limits.unackedBytes()) {
      Limit limit =
          unansweredBytes >= limits.unackedBytes() ? Limit.UNACKED_BYTES : Limit.UNACKED_RECORDS;
      receiver.receiving().meters().hit(limit);
      return false;
    }
    if (source.hasRoom()) {
      return true;
    }
    if (!stalled) {
      stalled = source.whenRoomier(() -> channel.eventLoop().execute(this::lookAgain));
    }
    return false;
  }

  private void lookAgain() {
    stalled = false;
    updateReading();
  }

  private boolean holdPartial(int now) {
    int more = now - partial;
    partial = now;
    return receiver.receiving().holdPartial(more);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    updateReading();
  }

  /** Takes nothing more, answers what is on the way, then says goodbye. On the event loop. */
  void end(String reason) {
    if (state == State.ENDING || state == State.LINGERING) {
      return;
    }
    why = reason;
    state = State.ENDING;
    deadlineNanos = clock.nanos() + limits.farewell().toNanos();
    handOver();
    updateReading();
    if (state == State.ENDING && unanswered.isEmpty()) {
      farewell();
    }
  }

  /** Says goodbye without waiting for what is not answered. On the event loop. */
  private void giveUp(String reason) {
    if (state != State.LINGERING) {
      why = reason;
      farewell();
    }
  }

  private void farewell() {
    state = State.LINGERING;
    deadlineNanos = clock.nanos() + LINGER_NANOS;
    ByteBuf out = channel.alloc().buffer(64);
    if (closeTxnr > 0) {
      encoder.ok(out, closeTxnr);
    }
    encoder.serverClose(out);
    channel
        .writeAndFlush(out)
        .addListener(
            written -> {
              if (written.isSuccess() && channel instanceof SocketChannel socket) {
                socket.shutdownOutput();
              } else {
                channel.close();
              }
            });
    updateReading();
  }

  private void fault(String reason, String message) {
    receiver.meters().fault(reason);
    source.counts().faults.increment();
    Limit limit = LIMITS.get(reason);
    if (limit != null) {
      receiver.receiving().meters().hit(limit);
    }
    receiver.receiving().faults().tell(who.name(), message);
    end(message);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    why = String.valueOf(cause.getMessage());
    // Bytes that are changed on the way end TLS: the link's fault, as a reset.
    boolean isOfLink = cause instanceof IOException || cause.getCause() instanceof IOException;
    if (!isOfLink) {
      log.error("session failed peer={}", peer, cause);
      state = State.LINGERING; // the stream is out of step
    }
    ctx.close();
  }

  /** Applies the time limits; called about once a second, on the event loop. */
  void checkTime() {
    long now = clock.nanos();
    switch (state) {
      case NEW -> {
        if (now - connectedNanos > limits.open().toNanos()) {
          fault("open_timeout", "no open within " + limits.open().toSeconds() + " s");
        }
      }
      case OPEN -> {
        if (now - lastFrameNanos > limits.quiet().toNanos()) {
          receiver.receiving().meters().hit(Limit.QUIET_TIMEOUT);
          end("quiet for " + limits.quiet().toSeconds() + " s");
        } else if (channel.config().isAutoRead()
            && (framer.isWithin() || actualReadableBytes() > 0)
            && now - lastReadNanos > limits.partial().toNanos()) {
          fault(
              "partial_timeout",
              "a frame came no further for " + limits.partial().toSeconds() + " s");
        } else {
          updateReading();
        }
      }
      case ENDING -> {
        if (now - deadlineNanos > 0) {
          giveUp(why);
        }
      }
      case LINGERING -> {
        if (now - deadlineNanos > 0) {
          channel.close();
        }
      }
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    boolean wasOpen = state != State.NEW;
    try {
      super.channelInactive(ctx); // what was read and not cut into frames yet
    } finally {
      handOver(); // the peer may not send it again: omrelp at its shutdown does not
      closed = true;
      holdPartial(0);
      receiver.identities().release(this);
      if (wasOpen) {
        log.info("session closed peer={} unanswered={} cause={}", peer, unansweredRecords, why);
      }
      state = State.LINGERING; // answers that become due later have nowhere to go
    }
  }

  boolean isClosed() {
    return closed;
  }
}
