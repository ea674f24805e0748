package vigie.base.net;

import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Security;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import vigie.base.config.ConfigException;
import vigie.base.config.Nearest;
import vigie.base.config.Position;
import vigie.base.config.Section;
import vigie.base.config.Value;

/**
 * {@code tls_server_config} of Prometheus's exporter-toolkit: the certificate of a server, and whom
 * it lets in. Holds paths; {@link #load} reads what they name. TLS is the JDK's own.
 */
public final class ServerTls {
  /** What a server asks of the certificates of its clients. */
  private enum Kind {
    NONE(ClientAuth.NONE, false),
    REQUEST(ClientAuth.OPTIONAL, false),
    REQUIRE_ANY(ClientAuth.REQUIRE, false),
    VERIFY_IF_GIVEN(ClientAuth.OPTIONAL, true),
    REQUIRE_AND_VERIFY(ClientAuth.REQUIRE, true);

    private final ClientAuth auth;
    private final boolean verifies;

    Kind(ClientAuth auth, boolean verifies) {
      this.auth = auth;
      this.verifies = verifies;
    }
  }

  private static final Map<String, Kind> KINDS =
      Map.of(
          "NoClientCert", Kind.NONE,
          "RequestClientCert", Kind.REQUEST,
          "RequireClientCert", Kind.REQUIRE_ANY, // an older name of the next
          "RequireAnyClientCert", Kind.REQUIRE_ANY,
          "VerifyClientCertIfGiven", Kind.VERIFY_IF_GIVEN,
          "RequireAndVerifyClientCert", Kind.REQUIRE_AND_VERIFY);
  private static final List<String> VERSIONS = List.of("TLS10", "TLS11", "TLS12", "TLS13");
  private static final List<String> PROTOCOLS = List.of("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3");
  private static final List<String> TLS13_CIPHERS =
      List.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256");

  /** What Go offers where nothing is set: forward secrecy only. */
  private static final List<String> TLS12_CIPHERS =
      List.of(
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
          "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
          "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
          "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA");

  /** Go's names of key exchange groups, and the JDK's. */
  private static final Map<String, String> CURVES =
      Map.of(
          "CurveP256", "secp256r1",
          "CurveP384", "secp384r1",
          "CurveP521", "secp521r1",
          "X25519", "x25519");

  private static final long MOST_BYTES = 1 << 20;

  private final Text certificate;
  private final Text key;
  private final @Nullable Text clientCa;
  private final Kind clients;
  private final List<String> allowedSans;
  private final List<String> protocols;
  private final List<String> ciphers;
  private final List<String> groups;
  private final boolean serverOrder;

  private ServerTls(Text certificate, Text key, Section section, Kind otherwise) {
    this.certificate = certificate;
    this.key = key;
    this.clientCa = text(section, "client_ca");
    this.clients = kind(section, "client_auth_type", otherwise);
    this.allowedSans = section.strings("client_allowed_sans");
    this.protocols = protocols(section);
    this.ciphers = ciphers(section);
    this.groups = groups(section);
    this.serverOrder = section.bool("prefer_server_cipher_suites", true);
  }

  /**
   * Reads the section; null where it names neither certificate nor key nor clients, which means no
   * TLS. Faults and warnings go to the section.
   */
  public static @Nullable ServerTls read(Section section) {
    Text certificate = text(section, "cert");
    Text key = text(section, "key");
    if (section.value("key") != null) {
      section.warn("key", "key is a secret in plain text; better: key_file");
    }
    Text none = new Text(section.position(), "", null, "");
    ServerTls tls =
        new ServerTls(
            certificate == null ? none : certificate, key == null ? none : key, section, Kind.NONE);
    section.end();
    if (certificate == null && key == null && tls.clientCa == null && tls.clients == Kind.NONE) {
      if (!section.keys().isEmpty()) {
        section.fault("cert_file and key_file are missing; without them there is no TLS");
      }
      return null;
    }
    if (certificate == null || key == null) {
      section.fault((certificate == null ? "cert_file" : "key_file") + " is missing");
    }
    if (tls.clientCa != null && tls.clients == Kind.NONE) {
      section.fault(
          "client_ca_file",
          "client CAs without client_auth_type would let everybody in;"
              + " set client_auth_type: RequireAndVerifyClientCert");
    }
    if (!tls.allowedSans.isEmpty() && tls.clients.auth != ClientAuth.REQUIRE) {
      section.fault(
          "client_allowed_sans",
          "client_allowed_sans needs client_auth_type RequireAndVerifyClientCert"
              + " (or RequireAnyClientCert)");
    }
    return tls;
  }

  /**
   * Reads the section for a server that wants a verified certificate of every client where nothing
   * else is set; null where the section is empty. Does not end the section, which may have keys of
   * its owner's. Faults and warnings go to the section.
   */
  public static @Nullable ServerTls readMutual(Section section) {
    Text certificate = text(section, "cert");
    Text key = text(section, "key");
    if (section.keys().isEmpty() && certificate == null && key == null) {
      return null;
    }
    if (section.value("key") != null) {
      section.fault("key", "key must not stand in the file; use key_file");
    }
    if (certificate == null || key == null) {
      section.fault((certificate == null ? "cert_file" : "key_file") + " is missing in tls");
      return null;
    }
    ServerTls tls = new ServerTls(certificate, key, section, Kind.REQUIRE_AND_VERIFY);
    if (tls.clients.verifies && tls.clientCa == null) {
      section.fault(
          "client_ca_file is missing in tls: whose certificates may clients show?"
              + " (client_auth_type: NoClientCert lets everybody send)");
    } else if (!tls.clients.verifies) {
      section.warn(
          "client_auth_type", "client_auth_type lets anybody send in anybody's name; leave it out");
    }
    return tls;
  }

  /** The same where {@code key} of the section says otherwise what clients must show. */
  public ServerTls withClients(Section section, String key) {
    return new ServerTls(this, kind(section, key, clients));
  }

  private ServerTls(ServerTls other, Kind clients) {
    this.certificate = other.certificate;
    this.key = other.key;
    this.clientCa = other.clientCa;
    this.clients = clients;
    this.allowedSans = other.allowedSans;
    this.protocols = other.protocols;
    this.ciphers = other.ciphers;
    this.groups = other.groups;
    this.serverOrder = other.serverOrder;
  }

  /** Whether every client must show a certificate that is verified. */
  public boolean requiresClients() {
    return clients.verifies && clients.auth == ClientAuth.REQUIRE;
  }

  /**
   * The certificate that it shows; reads no key.
   *
   * @throws ConfigException if its file is wrong
   */
  public X509Certificate leaf() {
    return certificate.as(Pem::certificates).get(0);
  }

  /** The files that {@link #load} reads. */
  public List<Path> files() {
    List<Path> files = new ArrayList<>();
    for (Text text : Arrays.asList(certificate, key, clientCa)) {
      if (text != null && text.file != null) {
        files.add(text.file);
      }
    }
    return files;
  }

  /**
   * Reads certificate, key and CAs.
   *
   * @throws ConfigException that names the file and what is wrong with it; never shows the key
   */
  public Context load() {
    try {
      List<X509Certificate> chain = certificate.as(Pem::certificates);
      PrivateKey secret = key.as(Pem::privateKey);
      checkPair(chain.get(0), secret);
      @Nullable List<X509Certificate> cas =
          clientCa == null ? null : clientCa.as(Pem::certificates);
      TrustManager trust =
          clients.verifies
              ? new ClientTrust(ClientTrust.verifying(cas), allowedSans)
              : new ClientTrust(null, allowedSans);
      SslContext context =
          SslContextBuilder.forServer(secret, chain.toArray(new X509Certificate[0]))
              .sslProvider(SslProvider.JDK)
              .protocols(protocols)
              .ciphers(ciphers, IdentityCipherSuiteFilter.INSTANCE)
              .clientAuth(clients.auth)
              .trustManager(trust)
              .build();
      return new Context(context, this, chain.get(0).getNotAfter().toInstant());
    } catch (GeneralSecurityException | SSLException | IllegalArgumentException e) {
      throw new ConfigException(certificate.at + ": TLS cannot be set up: " + e.getMessage());
    }
  }

  private void checkPair(X509Certificate leaf, PrivateKey secret) throws GeneralSecurityException {
    String algorithm =
        switch (secret.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          case "EdDSA", "Ed25519", "Ed448" -> "EdDSA";
          default -> "";
        };
    if (algorithm.isEmpty()) {
      return;
    }
    byte[] sample = {1, 2, 3};
    boolean pair;
    try {
      Signature sign = Signature.getInstance(algorithm);
      sign.initSign(secret);
      sign.update(sample);
      byte[] signed = sign.sign();
      Signature verify = Signature.getInstance(algorithm);
      verify.initVerify(leaf.getPublicKey());
      verify.update(sample);
      pair = verify.verify(signed);
    } catch (GeneralSecurityException ofAnotherKind) {
      pair = false;
    }
    if (!pair) {
      throw new ConfigException(
          key.at + ": " + key + " is not the key of the certificate in " + certificate);
    }
  }

  private static @Nullable Text text(Section section, String key) {
    Value file = section.value(key + "_file");
    Value inline = section.value(key);
    Path path = file == null ? null : file.path();
    if (file != null && path != null) {
      return new Text(file.position(), key + "_file", path, "");
    }
    String text = inline == null ? null : inline.string();
    return inline == null || text == null ? null : new Text(inline.position(), key, null, text);
  }

  private static Kind kind(Section section, String key, Kind otherwise) {
    String name = section.string(key);
    Kind kind = name == null ? otherwise : KINDS.get(name);
    if (kind == null) {
      section.fault(key, unknown(key, String.valueOf(name), KINDS.keySet()));
      return otherwise;
    }
    return kind;
  }

  private static List<String> protocols(Section section) {
    int least = version(section, "min_version", "TLS12");
    int most = version(section, "max_version", "TLS13");
    if (least > most) {
      section.fault("max_version", "max_version is below min_version");
      return PROTOCOLS.subList(2, 4);
    }
    List<String> wanted = PROTOCOLS.subList(least, most + 1);
    String property = Security.getProperty("jdk.tls.disabledAlgorithms");
    List<String> disabled =
        Arrays.stream((property == null ? "" : property).split(",", -1))
            .map(String::strip)
            .toList();
    List<String> left = wanted.stream().filter(one -> !disabled.contains(one)).toList();
    if (left.isEmpty()) {
      section.fault(
          "max_version", "this Java refuses all of " + wanted + "; set max_version: TLS13");
      return PROTOCOLS.subList(2, 4);
    }
    if (left.size() < wanted.size()) {
      section.warn(
          "min_version",
          "this Java refuses TLS 1.0 and 1.1 (jdk.tls.disabledAlgorithms in its java.security);"
              + " offered: "
              + left);
    }
    return left;
  }

  private static int version(Section section, String key, String otherwise) {
    String name = section.string(key, otherwise);
    if (!VERSIONS.contains(name)) {
      section.fault(key, unknown(key, name, VERSIONS));
      return VERSIONS.indexOf(otherwise);
    }
    return VERSIONS.indexOf(name);
  }

  /** Those of TLS 1.3 are always offered: Go has no say in them either. */
  private static List<String> ciphers(Section section) {
    List<String> supported = supportedCiphers();
    List<String> wanted = new ArrayList<>();
    for (Value member : section.list("cipher_suites")) {
      String name = member.string();
      if (name == null) {
        continue;
      }
      if (supported.contains(name)) {
        wanted.add(name);
      } else {
        member.fault(unknown("cipher_suites", name, TLS12_CIPHERS));
      }
    }
    List<String> all = new ArrayList<>(TLS13_CIPHERS);
    for (String name : wanted.isEmpty() ? TLS12_CIPHERS : wanted) {
      if (!all.contains(name)) {
        all.add(name);
      }
    }
    all.retainAll(supported);
    return all;
  }

  private static List<String> supportedCiphers() {
    try {
      return List.of(SSLContext.getDefault().getSupportedSSLParameters().getCipherSuites());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no TLS", e);
    }
  }

  private static List<String> groups(Section section) {
    List<String> groups = new ArrayList<>();
    for (Value member : section.list("curve_preferences")) {
      String name = member.string();
      String group = name == null ? null : CURVES.get(name);
      if (group != null) {
        groups.add(group);
      } else if (name != null) {
        member.fault(unknown("curve_preferences", name, CURVES.keySet()));
      }
    }
    if (!groups.isEmpty() && !Groups.AVAILABLE) {
      section.warn(
          "curve_preferences",
          "curve_preferences needs Java 20 or newer and has no effect here;"
              + " for the whole program there is -Djdk.tls.namedGroups="
              + String.join(",", groups));
    }
    return groups;
  }

  private static String unknown(String key, String name, java.util.Collection<String> known) {
    String nearest = Nearest.of(name, known);
    return key
        + " \""
        + name
        + "\" is not known here"
        + (nearest == null
            ? "; one of " + String.join(", ", new java.util.TreeSet<>(known))
            : "; did you mean \"" + nearest + "\"?");
  }

  /** What was read: makes the TLS part of one connection after the other. */
  public static final class Context {
    private final SslContext context;
    private final ServerTls settings;
    private final Instant notAfter;

    private Context(SslContext context, ServerTls settings, Instant notAfter) {
      this.context = context;
      this.settings = settings;
      this.notAfter = notAfter;
    }

    /**
     * The handler of one connection.
     *
     * @param tasks runs the expensive parts of the handshake
     */
    public SslHandler handler(ByteBufAllocator allocator, Executor tasks) {
      SslHandler handler = context.newHandler(allocator, tasks);
      SSLParameters parameters = handler.engine().getSSLParameters();
      parameters.setUseCipherSuitesOrder(settings.serverOrder);
      Groups.set(parameters, settings.groups);
      handler.engine().setSSLParameters(parameters);
      return handler;
    }

    /** Whether a certificate that a client shows was verified. */
    public boolean verifiesClients() {
      return settings.clients.verifies;
    }

    /** When the certificate ends. */
    public Instant notAfter() {
      return notAfter;
    }
  }

  /** Text that stands in a file of its own or in the configuration. */
  private record Text(Position at, String name, @Nullable Path file, String inline) {
    interface Reader<T> {
      T read(String text) throws GeneralSecurityException;
    }

    <T> T as(Reader<T> reader) {
      try {
        if (file != null && Files.size(file) > MOST_BYTES) {
          throw new IOException("larger than 1 MiB");
        }
        return reader.read(file == null ? inline : Files.readString(file));
      } catch (NoSuchFileException e) {
        throw new ConfigException(at + ": " + this + ": no such file");
      } catch (IOException | GeneralSecurityException e) {
        throw new ConfigException(at + ": " + this + ": " + e.getMessage());
      }
    }

    @Override
    public String toString() {
      return file == null ? name : name + " " + file;
    }
  }
}
