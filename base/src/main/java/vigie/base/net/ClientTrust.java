package vigie.base.net;

import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Which certificates of clients a server takes: verified ones or any, and by alternative names. */
final class ClientTrust extends EngineTrust {
  private final List<String> allowedSans;

  /**
   * @param verifying null takes any certificate
   * @param allowedSans one of which must be in the certificate; empty lets all pass
   */
  ClientTrust(@Nullable X509ExtendedTrustManager verifying, List<String> allowedSans) {
    super(verifying);
    this.allowedSans = allowedSans.stream().map(ClientTrust::plain).toList();
  }

  /** An IP address as the JDK writes it in a certificate's names: IPv6 in full. */
  private static String plain(String name) {
    byte[] address = NetUtil.createByteArrayFromIpAddressString(name);
    try {
      return address == null ? name : InetAddress.getByAddress(address).getHostAddress();
    } catch (UnknownHostException e) {
      throw new IllegalStateException("BUG: an address of " + address.length + " bytes", e);
    }
  }

  /** Verifies against these CAs; null means those that the JVM knows. */
  static X509ExtendedTrustManager verifying(@Nullable List<X509Certificate> authorities)
      throws GeneralSecurityException {
    KeyStore store = null;
    if (authorities != null) {
      try {
        store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        for (int i = 0; i < authorities.size(); i++) {
          store.setCertificateEntry("ca" + i, authorities.get(i));
        }
      } catch (IOException e) {
        throw new IllegalStateException("BUG: an empty key store cannot be made", e);
      }
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509ExtendedTrustManager x509) {
        return x509;
      }
    }
    throw new GeneralSecurityException("this Java verifies no certificates");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    if (verifying != null) {
      verifying.checkClientTrusted(chain, type, engine);
    }
    if (!allowedSans.isEmpty()
        && CertificateNames.alternatives(chain[0]).stream().noneMatch(allowedSans::contains)) {
      throw new CertificateException("no alternative name of the certificate is allowed");
    }
  }
}
