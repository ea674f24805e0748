package vigie.base.net;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Judges the other end of an {@link SSLEngine}, which is all that Netty asks for; a subclass judges
 * servers or clients, and whoever asks for the rest is refused.
 */
abstract class EngineTrust extends X509ExtendedTrustManager {
  /** Knows who signed; null where that does not matter. */
  protected final @Nullable X509ExtendedTrustManager verifying;

  EngineTrust(@Nullable X509ExtendedTrustManager verifying) {
    this.verifying = verifying;
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    throw refusal();
  }

  @Override
  public final void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    throw refusal();
  }

  @Override
  public final void checkServerTrusted(X509Certificate[] chain, String type)
      throws CertificateException {
    throw refusal();
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    throw refusal();
  }

  @Override
  public final void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
      throws CertificateException {
    throw refusal();
  }

  @Override
  public final void checkClientTrusted(X509Certificate[] chain, String type)
      throws CertificateException {
    throw refusal();
  }

  @Override
  public final X509Certificate[] getAcceptedIssuers() {
    return verifying == null ? new X509Certificate[0] : verifying.getAcceptedIssuers();
  }

  private CertificateException refusal() {
    return new CertificateException(
        "BUG: " + getClass().getSimpleName() + " was asked about the wrong end of a connection");
  }
}
