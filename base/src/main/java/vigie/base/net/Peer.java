package vigie.base.net;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import java.net.InetSocketAddress;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * Who is at the other end, as far as it was proved.
 *
 * @param address its IP address without the port
 * @param certificate the name in its verified certificate: the first DNS name, else the subject's
 *     common name; empty where there is none
 * @param user who it logged in as; empty where nobody asked
 */
public record Peer(String address, String certificate, String user) {

  /** The other end of a connection; of one with TLS once its handshake is over. */
  public static Peer of(Channel channel, ServerTls.@Nullable Context tls) {
    String address =
        channel.remoteAddress() instanceof InetSocketAddress inet && inet.getAddress() != null
            ? Addresses.format(inet.getAddress())
            : String.valueOf(channel.remoteAddress());
    SslHandler handler = channel.pipeline().get(SslHandler.class);
    // An unverified certificate says what anybody may say.
    if (tls == null || !tls.verifiesClients() || handler == null) {
      return new Peer(address, "", "");
    }
    try {
      Certificate[] chain = handler.engine().getSession().getPeerCertificates();
      return new Peer(address, CertificateNames.name((X509Certificate) chain[0]), "");
    } catch (SSLPeerUnverifiedException none) {
      return new Peer(address, "", "");
    }
  }

  /** The same with the user it proved to be. */
  public Peer loggedIn(String as) {
    return new Peer(address, certificate, as);
  }

  /** What to call it: the user, else the certificate's name, else the address. */
  public String name() {
    return !user.isEmpty() ? user : !certificate.isEmpty() ? certificate : address;
  }
}
