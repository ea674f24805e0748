package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;

/** Certificates for a test, made by the JDK's keytool, all signed by one authority. */
public final class Certificates {
  private static final String PASSWORD = "changeit";
  private final Path folder;

  /** Makes the authority, {@link #ca}. */
  public Certificates(Path folder) {
    this.folder = folder;
    keytool(
        "ca", "-genkeypair", "-dname", "CN=Test CA, O=Vigie", "-ext", "bc:c", "-validity", "99");
    keytool("ca", "-exportcert", "-rfc", "-file", folder.resolve("ca.pem").toString());
  }

  /** The authority's certificate in PEM. */
  public Path ca() {
    return folder.resolve("ca.pem");
  }

  /**
   * A server's context, with its chain.
   *
   * @param names as keytool's {@code san}, such as {@code dns:localhost,ip:127.0.0.1}
   * @param start as keytool's {@code -startdate}, such as {@code -10d}
   */
  public SSLContext server(String names, String start, int days) {
    return context(signed(names, start, days));
  }

  /** A server's chain and key as files. */
  public record Pem(Path chain, Path key) {}

  /** The same for a server that is no Java program. */
  public Pem serverPem(String names, String start, int days) {
    String alias = signed(names, start, days);
    Path key = folder.resolve(alias + ".key");
    try (var in = Files.newInputStream(folder.resolve(alias + ".p12"))) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(in, PASSWORD.toCharArray());
      byte[] bytes = store.getKey(alias, PASSWORD.toCharArray()).getEncoded();
      String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
      Files.writeString(
          key, "-----BEGIN PRIVATE KEY-----\n" + text + "\n-----END PRIVATE KEY-----\n");
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
    return new Pem(folder.resolve(alias + ".pem"), key);
  }

  private String signed(String names, String start, int days) {
    String alias = "server" + System.nanoTime();
    String request = folder.resolve(alias + ".csr").toString();
    String signed = folder.resolve(alias + ".pem").toString();
    keytool(alias, "-genkeypair", "-dname", "CN=" + alias.substring(0, 6) + ", O=\"Vigie, Test\"");
    keytool(alias, "-certreq", "-file", request);
    keytool(
        "ca",
        "-gencert",
        "-rfc",
        "-infile",
        request,
        "-outfile",
        signed,
        "-ext",
        "san=" + names,
        "-startdate",
        start,
        "-validity",
        String.valueOf(days));
    // The alias's keystore must know the authority to take the signed certificate.
    keytool(alias, "-importcert", "-alias", "root", "-noprompt", "-file", ca().toString());
    keytool(alias, "-importcert", "-file", signed);
    return alias;
  }

  /** A server's context with a certificate that signed itself. */
  public SSLContext selfSigned(String names) {
    String alias = "own" + System.nanoTime();
    keytool(
        alias,
        "-genkeypair",
        "-dname",
        "CN=own",
        "-ext",
        "san=" + names,
        "-startdate",
        "-1d",
        "-validity",
        "9");
    return context(alias);
  }

  private SSLContext context(String alias) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      try (var in = Files.newInputStream(folder.resolve(alias + ".p12"))) {
        store.load(in, PASSWORD.toCharArray());
      }
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, PASSWORD.toCharArray());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), new TrustManager[0], null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private void keytool(String alias, String command, String... more) {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    line.add(command);
    line.addAll(
        List.of(
            "-keystore",
            folder.resolve(alias + ".p12").toString(),
            "-storetype",
            "PKCS12",
            "-storepass",
            PASSWORD));
    if (command.equals("-genkeypair")) {
      line.addAll(List.of("-keyalg", "EC", "-groupname", "secp256r1"));
    }
    if (!List.of(more).contains("-alias")) {
      line.addAll(List.of("-alias", alias));
    }
    line.addAll(List.of(more));
    try {
      Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes());
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(said).isZero();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
