package vigie.base.net;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * A certificate authority for a test, kept as PEM files in a folder; made by the openssl program.
 */
public final class Authority {
  private final Path folder;
  private final String name;

  public Authority(Path folder, String name) throws IOException, InterruptedException {
    this.folder = folder;
    this.name = name;
    openssl(request(name, name, "-addext", "basicConstraints=critical,CA:TRUE"));
  }

  /** Its own certificate. */
  public Path certificate() {
    return folder.resolve(name + ".pem");
  }

  /**
   * Issues {@code FILE.pem} with {@code FILE.key}, an EC key.
   *
   * @param names such as {@code DNS:localhost,IP:127.0.0.1}
   */
  public Path issue(String file, String commonName, String names)
      throws IOException, InterruptedException {
    openssl(
        request(
            file,
            commonName,
            "-addext",
            "subjectAltName=" + names,
            "-CA",
            certificate().toString(),
            "-CAkey",
            folder.resolve(name + ".key").toString()));
    return folder.resolve(file + ".pem");
  }

  /** The same of a certificate that ended yesterday. */
  public Path issueExpired(String file, String commonName, String names)
      throws IOException, InterruptedException {
    Path certificate = issue(file, commonName, names);
    String key = folder.resolve(file + ".key").toString();
    String asked = folder.resolve(file + ".csr").toString();
    List<String> request = new ArrayList<>(List.of("req", "-new", "-key", key, "-out", asked));
    request.addAll(List.of("-subj", "/O=Test/CN=" + commonName));
    request.addAll(List.of("-addext", "subjectAltName=" + names));
    openssl(request);
    List<String> signing = new ArrayList<>(List.of("x509", "-req", "-in", asked, "-days", "-1"));
    signing.addAll(List.of("-copy_extensions", "copy", "-out", certificate.toString()));
    signing.addAll(List.of("-CA", certificate().toString()));
    signing.addAll(List.of("-CAkey", folder.resolve(name + ".key").toString()));
    openssl(signing);
    return certificate;
  }

  private List<String> request(String file, String commonName, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("req", "-x509", "-newkey", "ec", "-nodes", "-days", "30"));
    arguments.addAll(List.of("-pkeyopt", "ec_paramgen_curve:prime256v1"));
    arguments.addAll(List.of("-keyout", folder.resolve(file + ".key").toString()));
    arguments.addAll(List.of("-out", folder.resolve(file + ".pem").toString()));
    arguments.addAll(List.of("-subj", "/O=Test/CN=" + commonName));
    arguments.addAll(List.of(more));
    return arguments;
  }

  /** Runs openssl to its end. */
  public static String openssl(List<String> arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("openssl"));
    command.addAll(arguments);
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(command + ": " + output);
    }
    return output;
  }

  /** A client's TLS that trusts this authority and shows {@code certificate}, or none. */
  public SSLContext client(@Nullable Path certificate)
      throws IOException, GeneralSecurityException {
    KeyManager[] keys = null;
    if (certificate != null) {
      String file = certificate.toString().replace(".pem", ".key");
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(
          "me",
          Pem.privateKey(Files.readString(Path.of(file))),
          new char[0],
          Pem.certificates(Files.readString(certificate)).toArray(new Certificate[0]));
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(store, new char[0]);
      keys = factory.getKeyManagers();
    }
    SSLContext context = SSLContext.getInstance("TLS");
    TrustManager trust = ClientTrust.verifying(Pem.certificates(Files.readString(certificate())));
    context.init(keys, new TrustManager[] {trust}, null);
    return context;
  }
}
