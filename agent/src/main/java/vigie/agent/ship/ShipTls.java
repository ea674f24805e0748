package vigie.agent.ship;

import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.net.Pem;
import vigie.base.net.ServerTrust;
import vigie.base.net.TlsFailure;
import vigie.base.segment.FileLayer;

/**
 * {@code tls:} of the agent, for all collectors that are spoken to in TLS. Holds paths; the files
 * are read anew for each connection, so that a renewed certificate needs no restart.
 *
 * @param ca who may sign the collector; null means those that the JVM knows
 * @param certificate our own, with its key; null where we show none
 * @param serverName that the collector's certificate must have; empty means the host of the address
 * @param fingerprints where not empty, the certificates that are taken, and nothing else about them
 *     is looked at
 */
public record ShipTls(
    @Nullable Path ca,
    @Nullable Path certificate,
    @Nullable Path key,
    String serverName,
    List<String> fingerprints) {
  /** What holds where nothing is set. */
  public static final ShipTls DEFAULTS = new ShipTls(null, null, null, "", List.of());

  public ShipTls {
    fingerprints = List.copyOf(fingerprints);
  }

  /** Reads the section. */
  static ShipTls read(Section section) {
    ShipTls tls =
        new ShipTls(
            path(section, "ca_file"),
            path(section, "cert_file"),
            path(section, "key_file"),
            section.string("server_name", ""),
            fingerprints(section.value("fingerprint")));
    if ((tls.certificate == null) != (tls.key == null)) {
      section.fault("cert_file and key_file go together; one of them is missing");
    }
    if (!tls.fingerprints.isEmpty() && (tls.ca != null || !tls.serverName.isEmpty())) {
      section.warn(
          "fingerprint",
          "with a fingerprint nobody looks at ca_file and server_name; leave them out");
    }
    section.end();
    return tls;
  }

  private static @Nullable Path path(Section section, String key) {
    Value value = section.value(key);
    return value == null ? null : value.path();
  }

  private static List<String> fingerprints(@Nullable Value given) {
    List<String> all = new ArrayList<>();
    if (given != null) {
      for (Value each : given.isList() ? given.list() : List.of(given)) {
        String text = each.string();
        try {
          all.add(ServerTrust.fingerprint(text == null ? "" : text));
        } catch (IllegalArgumentException e) {
          each.fault("fingerprint: " + e.getMessage());
        }
      }
    }
    return all;
  }

  /**
   * The handler of one connection; reads files.
   *
   * @throws IOException that names the file that cannot be used
   */
  public SslHandler handler(ByteBufAllocator allocator, String host, int port) throws IOException {
    SslContextBuilder builder =
        SslContextBuilder.forClient().sslProvider(SslProvider.JDK).protocols("TLSv1.3", "TLSv1.2");
    Path at = ca;
    try {
      if (!fingerprints.isEmpty()) {
        builder.trustManager(ServerTrust.pinned(fingerprints));
        builder.endpointIdentificationAlgorithm(null);
      } else if (ca == null) {
        builder.trustManager(ServerTrust.signedBy(null, "this machine's Java (set tls.ca_file)"));
      } else {
        builder.trustManager(
            ServerTrust.signedBy(Pem.certificates(Files.readString(ca)), ca.toString()));
      }
      if (certificate != null && key != null) {
        at = certificate;
        List<X509Certificate> chain = Pem.certificates(Files.readString(certificate));
        at = key;
        builder.keyManager(
            Pem.privateKey(Files.readString(key)), chain.toArray(new X509Certificate[0]));
      }
      return builder.build().newHandler(allocator, serverName.isEmpty() ? host : serverName, port);
    } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
      String file = at == null ? "tls" : at.toString();
      String why = e instanceof IOException io ? FileLayer.reason(io) : e.getMessage();
      throw new IOException(file + " cannot be used: " + why, e);
    }
  }

  /** What a failure of TLS means and what to do; null if it was none of TLS. */
  static @Nullable String explain(Throwable failure) {
    return TlsFailure.explain(failure, "tls");
  }

  /** The same for a connection that ended before anything good came of it. */
  static String explainEarly(Channel channel, String cause) {
    return channel.pipeline().get(SslHandler.class) == null
        ? cause
        : TlsFailure.explainEarly(cause, "tls");
  }
}
