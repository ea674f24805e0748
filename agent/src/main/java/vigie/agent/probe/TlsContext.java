package vigie.agent.probe;

import io.netty.channel.Channel;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.NetUtil;
import java.nio.channels.ClosedChannelException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Shakes hands and judges who answered. The handshake runs on the connection's event loop.
 *
 * @param trust null: everybody is believed
 */
record TlsContext(SslContext ssl, @Nullable X509TrustManager trust) {

  /** For a peer that does not read: behind its full buffer no farewell ever gets out. */
  private static final int FAREWELL_MILLIS = 1000;

  private static final String CLOSED = "the peer closed the connection during the TLS handshake";

  /**
   * Begins TLS on an open channel.
   *
   * @param name what the certificate must be for; sent as server name unless it is an address
   * @param before what the last run found, to spare judging the same certificates again
   * @param then told who the peer is, trusted or not; a failed handshake ends the run
   */
  void shakeHands(
      NetRun run, Channel channel, String name, @Nullable TlsPeer before, Consumer<TlsPeer> then) {
    if (!channel.isActive()) {
      run.down(CLOSED);
      return;
    }
    SslHandler handler = ssl.newHandler(channel.alloc());
    handler.setHandshakeTimeoutMillis(0); // the run has its own deadline
    handler.setCloseNotifyFlushTimeoutMillis(FAREWELL_MILLIS);
    if (!isAddress(name)) {
      sendName(handler, name);
    }
    handler
        .handshakeFuture()
        .addListener(
            finished -> {
              if (run.isOver()) {
                return;
              }
              if (finished.isSuccess()) {
                SSLSession session = handler.engine().getSession();
                run.guarded(() -> then.accept(judge(session, name, run, before)));
              } else {
                run.down(words(finished.cause()));
              }
            });
    channel.pipeline().addFirst(handler);
  }

  private static void sendName(SslHandler handler, String name) {
    SSLParameters parameters = handler.engine().getSSLParameters();
    try {
      parameters.setServerNames(List.of(new SNIHostName(name)));
      handler.engine().setSSLParameters(parameters);
    } catch (IllegalArgumentException e) {
      // A name that no certificate can be for; the judgement will say so.
    }
  }

  private TlsPeer judge(SSLSession session, String name, NetRun run, @Nullable TlsPeer before) {
    List<X509Certificate> sent = new ArrayList<>();
    try {
      for (Certificate each : session.getPeerCertificates()) {
        if (each instanceof X509Certificate x509) {
          sent.add(x509);
        }
      }
    } catch (SSLPeerUnverifiedException e) {
      // Then there are none.
    }
    return TlsPeer.judge(
        sent,
        session.getProtocol(),
        session.getCipherSuite(),
        name,
        trust,
        run.tools.clock().now(),
        before);
  }

  static boolean isAddress(String name) {
    return NetUtil.createInetAddressFromIpAddressString(name) != null;
  }

  private static String words(Throwable failure) {
    Throwable cause = failure;
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof NotSslRecordException) {
        return "the peer does not speak TLS on this port";
      }
      cause = each;
    }
    if (cause instanceof ClosedChannelException) {
      return CLOSED;
    }
    String message = cause.getMessage();
    return "TLS handshake failed: "
        + (message == null ? cause.getClass().getSimpleName() : PeerWords.plain(bare(message)));
  }

  /** Java 17.0.16 and later put the alert's name before some messages: {@code (name) message}. */
  static String bare(String message) {
    int end = message.indexOf(") ");
    boolean named =
        message.startsWith("(")
            && end > 1
            && message.substring(1, end).chars().allMatch(c -> c >= 'a' && c <= 'z' || c == '_');
    return named ? message.substring(end + 2) : message;
  }
}
