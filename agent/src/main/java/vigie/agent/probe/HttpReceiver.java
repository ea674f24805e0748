package vigie.agent.probe;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/** Takes the answer of one connection of a run, and ends the run where there is none. */
final class HttpReceiver extends SimpleChannelInboundHandler<HttpObject> {
  private final NetRun run;
  private final HttpPhases phases;
  private final boolean keepsBody;
  private final Listener listener;
  private final ByteArrayOutputStream body = new ByteArrayOutputStream(0);
  private @Nullable HttpResponse head;
  private long length;
  private boolean interim;
  private boolean done;

  /** Told of the answer as it comes. */
  interface Listener {
    /** Its head; false if nothing more of this connection is of interest. */
    boolean received(HttpResponse head);

    /** So many bytes of the body so far; false if that is too much. */
    boolean grew(long length);

    /**
     * The end.
     *
     * @param body empty where it is not kept
     */
    void completed(HttpResponse head, byte[] body, long length);
  }

  HttpReceiver(NetRun run, HttpPhases phases, boolean keepsBody, Listener listener) {
    this.run = run;
    this.phases = phases;
    this.keepsBody = keepsBody;
    this.listener = listener;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, HttpObject message) {
    if (done || run.isOver()) {
      return;
    }
    if (message.decoderResult().isFailure()) {
      done = true;
      run.down(notHttp(message.decoderResult().cause()));
      return;
    }
    if (message instanceof HttpResponse response) {
      // 100 and 103 come before the answer proper.
      interim = response.status().code() < 200 && response.status().code() != 101;
      if (!interim) {
        head = response;
        done = !listener.received(response);
      }
    }
    HttpResponse answer = head;
    if (message instanceof HttpContent content && answer != null && !interim && !done) {
      take(answer, content);
    }
  }

  private void take(HttpResponse answer, HttpContent content) {
    int more = content.content().readableBytes();
    length += more;
    if (!listener.grew(length)) {
      done = true;
      return;
    }
    if (keepsBody) {
      byte[] part = new byte[more];
      content.content().readBytes(part);
      body.writeBytes(part);
    }
    if (content instanceof LastHttpContent) {
      done = true;
      listener.completed(answer, body.toByteArray(), length);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (done || run.isOver() || phases.isBeforeRequest()) {
      return;
    }
    done = true;
    run.down(
        phases.isInAnswer()
            ? "the peer closed the connection after " + length + " bytes of the body"
            : "the peer closed the connection without an answer");
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // Of the connection and the handshake before the request their futures tell.
    if (!done && !run.isOver() && !phases.isBeforeRequest()) {
      done = true;
      run.failed(cause);
    }
  }

  private static String notHttp(Throwable cause) {
    String why = cause.getMessage();
    return "the answer is not HTTP" + (why == null ? "" : ": " + PeerWords.plain(why));
  }
}
