package vigie.agent.probe;

import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;

/**
 * How to speak TLS to a target: {@code tls_config} in the grammar of Prometheus's HTTP clients.
 * Compared by value. The context is made once and again when one of its files has changed, so that
 * a renewed client certificate needs no restart. Safe for all threads.
 */
final class TlsSettings implements Shown {
  static final TlsSettings DEFAULT =
      new TlsSettings(new Keys(null, null, null, null, null, null, "", false, 2, 3));
  private static final List<String> VERSIONS = List.of("TLS10", "TLS11", "TLS12", "TLS13");
  private static final List<String> PROTOCOLS = List.of("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3");
  private static final long MOST_FILE_BYTES = 4 << 20;
  // Where distributions keep the certificate authorities that the host's administrator trusts.
  private static final List<Path> SYSTEM_BUNDLES =
      List.of(
          Path.of("/etc/ssl/certs/ca-certificates.crt"),
          Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
          Path.of("/etc/ssl/ca-bundle.pem"),
          Path.of("/etc/ssl/cert.pem"));

  private final Keys keys;
  private volatile @Nullable Loaded loaded;

  private record Keys(
      @Nullable Path caFile,
      @Nullable String ca,
      @Nullable Path certFile,
      @Nullable String cert,
      @Nullable Path keyFile,
      @Nullable String key,
      String serverName,
      boolean insecure,
      int least,
      int most) {
    List<Path> files() {
      List<Path> all = new ArrayList<>(3);
      for (Path file : new @Nullable Path[] {caFile, certFile, keyFile}) {
        if (file != null) {
          all.add(file);
        }
      }
      return all;
    }
  }

  private record Loaded(TlsContext context, List<Long> stamps) {}

  private TlsSettings(Keys keys) {
    this.keys = keys;
  }

  /** Takes the section {@code tls_config}, which may be absent. */
  static TlsSettings read(Section parent) {
    if (!parent.has("tls_config")) {
      return DEFAULT;
    }
    Section section = parent.section("tls_config");
    Path caFile = path(section, "ca_file");
    String ca = section.string("ca");
    Path certFile = path(section, "cert_file");
    String cert = section.string("cert");
    Path keyFile = path(section, "key_file");
    String key = section.string("key");
    if (key != null) {
      section.warn("key", "key is a secret in plain text; better: key_file");
    }
    both(section, "ca", ca, caFile);
    both(section, "cert", cert, certFile);
    both(section, "key", key, keyFile);
    if ((cert != null || certFile != null) != (key != null || keyFile != null)) {
      section.fault("cert_file and key_file go together; one of them is missing");
    }
    String serverName = section.string("server_name", "");
    boolean insecure = section.bool("insecure_skip_verify", false);
    int least = version(section, "min_version", 2);
    int most = version(section, "max_version", 3);
    if (least > most) {
      section.fault("min_version", "min_version is higher than max_version");
      least = most;
    }
    section.end();
    return new TlsSettings(
        new Keys(caFile, ca, certFile, cert, keyFile, key, serverName, insecure, least, most));
  }

  private static @Nullable Path path(Section section, String key) {
    var value = section.value(key);
    return value == null ? null : value.path();
  }

  private static void both(
      Section section, String key, @Nullable String inline, @Nullable Path file) {
    if (inline != null && file != null) {
      section.fault(key, key + " and " + key + "_file exclude each other");
    }
  }

  private static int version(Section section, String key, int otherwise) {
    String text = section.string(key);
    if (text == null) {
      return otherwise;
    }
    int index = VERSIONS.indexOf(text);
    if (index < 0) {
      section.fault(key, key + " \"" + text + "\" is not one of " + String.join(", ", VERSIONS));
      return otherwise;
    }
    return index;
  }

  /** The name that the certificate must be for: {@code server_name}, or that of the target. */
  String nameFor(String host) {
    return keys.serverName.isEmpty() ? host : keys.serverName;
  }

  /** The same for a certificate of this name, unless {@code server_name} asks for another. */
  TlsSettings orNamed(String name) {
    if (!keys.serverName.isEmpty()) {
      return this;
    }
    TlsSettings named =
        new TlsSettings(
            new Keys(
                keys.caFile,
                keys.ca,
                keys.certFile,
                keys.cert,
                keys.keyFile,
                keys.key,
                name,
                keys.insecure,
                keys.least,
                keys.most));
    named.loaded = loaded; // The context is the same under every name.
    return named;
  }

  boolean isInsecure() {
    return keys.insecure;
  }

  /** The context if there is one and no file to look at; null: {@link #load}. */
  @Nullable TlsContext ready() {
    Loaded present = loaded;
    return present != null && present.stamps.isEmpty() ? present.context : null;
  }

  /**
   * The context; reads its files if they have changed.
   *
   * @throws IOException that says which file cannot be used and why
   */
  TlsContext load() throws IOException {
    List<Long> stamps = new ArrayList<>(3);
    for (Path file : keys.files()) {
      stamps.add(Files.exists(file) ? Files.getLastModifiedTime(file).toMillis() : -1);
    }
    Loaded present = loaded;
    if (present != null && present.stamps.equals(stamps)) {
      return present.context;
    }
    Loaded fresh = new Loaded(make(), List.copyOf(stamps));
    loaded = fresh;
    return fresh.context;
  }

  private TlsContext make() throws IOException {
    try {
      SslContextBuilder builder =
          SslContextBuilder.forClient()
              .sslProvider(SslProvider.JDK)
              // Who the peer is gets judged after the handshake: only then can an expired or
              // untrusted certificate still be described.
              .trustManager(InsecureTrustManagerFactory.INSTANCE)
              .endpointIdentificationAlgorithm(null)
              .protocols(PROTOCOLS.subList(keys.least, keys.most + 1))
              // Nothing is resumed: a resumed session shows no certificate.
              .sessionCacheSize(1);
      withClientCertificate(builder);
      return new TlsContext(builder.build(), keys.insecure ? null : trust());
    } catch (SSLException | GeneralSecurityException e) {
      throw new IOException("cannot make a TLS context: " + e.getMessage(), e);
    }
  }

  private void withClientCertificate(SslContextBuilder builder) throws IOException {
    byte[] chain = content("cert_file", keys.certFile, keys.cert);
    byte[] key = content("key_file", keys.keyFile, keys.key);
    if (chain == null || key == null) {
      return;
    }
    try {
      builder.keyManager(new ByteArrayInputStream(chain), new ByteArrayInputStream(key));
    } catch (IllegalArgumentException e) {
      throw new IOException(
          "cert_file and key_file cannot be used; they must be PEM, the key in PKCS#8 without a"
              + " password (openssl pkcs8 -topk8 -nocrypt -in KEY)",
          e);
    }
  }

  private X509TrustManager trust() throws IOException, GeneralSecurityException {
    byte[] own = content("ca_file", keys.caFile, keys.ca);
    if (own != null) {
      return trust(store(own, keys.caFile == null ? "ca" : "ca_file " + keys.caFile));
    }
    for (Path bundle : SYSTEM_BUNDLES) {
      if (Files.isReadable(bundle)) {
        return trust(store(Files.readAllBytes(bundle), bundle.toString()));
      }
    }
    return trust(null); // what comes with the JVM
  }

  private static KeyStore store(byte[] pem, String what)
      throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    int count = 0;
    try (InputStream in = new ByteArrayInputStream(pem)) {
      Collection<? extends java.security.cert.Certificate> all =
          CertificateFactory.getInstance("X.509").generateCertificates(in);
      for (java.security.cert.Certificate each : all) {
        store.setCertificateEntry("ca" + count++, (X509Certificate) each);
      }
    } catch (GeneralSecurityException e) {
      throw new IOException(what + " holds no certificates in PEM: " + e.getMessage(), e);
    }
    if (count == 0) {
      throw new IOException(what + " holds no certificates in PEM");
    }
    return store;
  }

  private static X509TrustManager trust(@Nullable KeyStore store) throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    for (TrustManager each : factory.getTrustManagers()) {
      if (each instanceof X509TrustManager x509) {
        return x509;
      }
    }
    throw new IllegalStateException("BUG: the JVM has no trust manager for certificates");
  }

  private static byte @Nullable [] content(String key, @Nullable Path file, @Nullable String inline)
      throws IOException {
    if (file == null) {
      return inline == null ? null : inline.getBytes(StandardCharsets.UTF_8);
    }
    try {
      if (Files.size(file) > MOST_FILE_BYTES) {
        throw new IOException("larger than " + MOST_FILE_BYTES + " bytes");
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new IOException("cannot read " + key + " " + file + ": " + why(e), e);
    }
  }

  private static String why(IOException e) {
    if (e instanceof java.nio.file.NoSuchFileException) {
      return "no such file";
    }
    return e instanceof java.nio.file.AccessDeniedException
        ? "permission denied"
        : String.valueOf(e.getMessage());
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TlsSettings settings && settings.keys.equals(keys);
  }

  @Override
  public int hashCode() {
    return keys.hashCode();
  }

  /** Without certificates and keys that stand in the configuration itself. */
  @Override
  public Map<String, Object> shown() {
    Map<String, Object> all = new LinkedHashMap<>();
    if (keys.caFile != null) {
      all.put("ca_file", keys.caFile);
    }
    if (keys.certFile != null) {
      all.put("cert_file", keys.certFile);
    }
    if (keys.keyFile != null) {
      all.put("key_file", keys.keyFile);
    }
    all.put("server_name", keys.serverName);
    all.put("insecure_skip_verify", keys.insecure);
    all.put("min_version", VERSIONS.get(keys.least));
    all.put("max_version", VERSIONS.get(keys.most));
    return all;
  }

  @Override
  public String toString() {
    return "tls_config";
  }
}
