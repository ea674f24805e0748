package vigie.base.net;

import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertificateException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Says to a client what a failure of TLS means and what to do. */
public final class TlsFailure {
  private TlsFailure() {}

  /**
   * What it means; null if it was none of TLS.
   *
   * @param keys the section that has {@code cert_file} and {@code key_file}, such as {@code tls}
   */
  public static @Nullable String explain(Throwable failure, String keys) {
    boolean tls = false;
    for (Throwable at = failure; at != null; at = at.getCause()) {
      if (at instanceof CertificateException) {
        return at.getMessage();
      }
      if (at instanceof NotSslRecordException) {
        return "no TLS is spoken there; use the port for TLS, or an address without +tls";
      }
      if (at instanceof SslHandshakeTimeoutException) {
        return "the TLS handshake took too long";
      }
      if (at instanceof ClosedChannelException) {
        return "the connection was closed during the TLS handshake; the other end may want a"
            + " client certificate ("
            + keys
            + ".cert_file)";
      }
      if (at instanceof SSLException && String.valueOf(at.getMessage()).contains("fatal alert")) {
        return alert(String.valueOf(at.getMessage()), keys);
      }
      tls |= at instanceof SSLException;
    }
    return tls ? "TLS failed: " + failure.getMessage() : null;
  }

  /**
   * What it means that a connection ended soon after the handshake: in TLS 1.3 a client is through
   * with that before the server looks at its certificate, and not every server says what it thinks.
   *
   * @param cause how it ended
   */
  public static String explainEarly(String cause, String keys) {
    return cause
        + " soon after the TLS handshake; the other end may refuse our certificate or miss one ("
        + keys
        + ".cert_file), its log says";
  }

  private static String alert(String message, String keys) {
    String lower = message.toLowerCase(Locale.ROOT);
    String name = lower.substring(lower.lastIndexOf(' ') + 1);
    return switch (name) {
      case "handshake_failure", "protocol_version", "insufficient_security" ->
          "the other end takes none of our kinds of TLS (1.2 and 1.3, with a certificate of its own:"
              + " anonymous TLS is not spoken), or misses ours ("
              + keys
              + ".cert_file): "
              + name;
      case "certificate_required",
          "bad_certificate",
          "unknown_ca",
          "certificate_unknown",
          "certificate_expired",
          "certificate_revoked",
          "unsupported_certificate",
          "access_denied",
          "decrypt_error" ->
          "the other end refuses our certificate or misses one ("
              + keys
              + ".cert_file, "
              + keys
              + ".key_file): "
              + name;
      default -> "the other end ended TLS: " + name;
    };
  }
}
