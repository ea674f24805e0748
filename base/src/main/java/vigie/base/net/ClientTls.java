package vigie.base.net;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;

/**
 * {@code tls_config} of a client, with Prometheus's keys. Holds paths, read anew for each
 * connection.
 *
 * @param ca who may sign the server; null means those that the JVM knows
 * @param certificate our own, with its key; null where we show none
 * @param serverName that the server's certificate must have; empty means the host of the address
 * @param insecure takes any certificate
 */
public record ClientTls(
    @Nullable Path ca,
    @Nullable Path certificate,
    @Nullable Path key,
    String serverName,
    boolean insecure) {
  /** What holds where nothing is set. */
  public static final ClientTls DEFAULTS = new ClientTls(null, null, null, "", false);

  /** Reads the section. */
  public static ClientTls read(Section section) {
    ClientTls tls =
        new ClientTls(
            path(section, "ca_file"),
            path(section, "cert_file"),
            path(section, "key_file"),
            section.string("server_name", ""),
            section.bool("insecure_skip_verify", false));
    if ((tls.certificate == null) != (tls.key == null)) {
      section.fault("cert_file and key_file go together; one of them is missing");
    }
    if (tls.insecure) {
      section.warn(
          "insecure_skip_verify",
          "insecure_skip_verify lets anybody pose as the server; use ca_file");
    }
    section.refuse(
        java.util.List.of("ca", "cert", "key", "ca_ref", "cert_ref", "key_ref"),
        "is not supported; put it into a file and use ca_file, cert_file, key_file");
    section.refuse(
        java.util.List.of("min_version", "max_version"),
        "is not supported; TLS 1.2 and 1.3 are spoken");
    section.end();
    return tls;
  }

  private static @Nullable Path path(Section section, String key) {
    var value = section.value(key);
    return value == null ? null : value.path();
  }

  /**
   * The handler of one connection; reads files.
   *
   * @throws IOException that names the file that cannot be used
   */
  public SslHandler handler(ByteBufAllocator allocator, String host, int port) throws IOException {
    SslContextBuilder builder = SslContextBuilder.forClient().sslProvider(SslProvider.JDK);
    Path at = ca;
    try {
      if (insecure) {
        builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
        builder.endpointIdentificationAlgorithm(null);
      } else if (ca == null) {
        builder.trustManager(ServerTrust.signedBy(null, "this machine's Java (set ca_file)"));
      } else {
        builder.trustManager(
            ServerTrust.signedBy(Pem.certificates(Files.readString(ca)), ca.toString()));
      }
      if (certificate != null && key != null) {
        at = certificate;
        var chain = Pem.certificates(Files.readString(certificate));
        at = key;
        builder.keyManager(
            Pem.privateKey(Files.readString(key)), chain.toArray(new X509Certificate[0]));
      }
      SslContext context = builder.build();
      return context.newHandler(allocator, serverName.isEmpty() ? host : serverName, port);
    } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
      String file = at == null ? "TLS" : at.toString();
      throw new IOException(file + " cannot be used: " + e.getMessage(), e);
    }
  }
}
