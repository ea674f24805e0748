package vigie.base.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.InvalidKeyException;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.interfaces.ECPrivateKey;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PemTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "RSA, genrsa -traditional 2048",
    "RSA, genrsa 2048",
    "EC, ecparam -genkey -name prime256v1",
    "EC, ecparam -genkey -name secp384r1 -noout",
    "EC, genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp521r1",
    "EdDSA, genpkey -algorithm ed25519"
  })
  void givenKeyAsOpensslWritesIt_whenRead_thenItIsThatKey(String algorithm, String command)
      throws Exception {
    Path file = folder.resolve("key");
    List<String> words = new ArrayList<>(List.of(command.split(" ", -1)));
    words.addAll(1, List.of("-out", file.toString()));
    Authority.openssl(words);
    PrivateKey key = Pem.privateKey(Files.readString(file));
    Path other = folder.resolve("pkcs8");
    Authority.openssl(List.of("pkcs8", "-topk8", "-nocrypt", "-in", "" + file, "-out", "" + other));
    PrivateKey same = Pem.privateKey(Files.readString(other));
    assertThat(key.getAlgorithm()).isEqualTo(algorithm);
    if (key instanceof ECPrivateKey ec) {
      // Their encodings differ by the public key, which may stand in them or not.
      assertThat(ec.getS()).isEqualTo(((ECPrivateKey) same).getS());
    } else {
      assertThat(key.getEncoded()).isEqualTo(same.getEncoded());
    }
  }

  @Test
  void givenDamagedKeys_whenRead_thenToldWithoutTheKey() throws Exception {
    Path file = folder.resolve("key");
    Authority.openssl(List.of("ecparam", "-genkey", "-name", "prime256v1", "-out", "" + file));
    String text = Files.readString(file);
    String body = text.substring(text.indexOf("EC PRIVATE KEY-----") + 20);
    for (int cut = 0; cut < body.length() - 40; cut += 3) {
      String damaged =
          "-----BEGIN EC PRIVATE KEY-----\n"
              + body.substring(cut).replaceAll("(?s)-----END.*", "")
              + "-----END EC PRIVATE KEY-----\n";
      if (cut > 0) {
        assertThatThrownBy(() -> Pem.privateKey(damaged)).isInstanceOf(InvalidKeyException.class);
      }
    }
    assertThatThrownBy(() -> Pem.privateKey("nothing"))
        .hasMessage("holds no private key (-----BEGIN PRIVATE KEY-----)");
    assertThatThrownBy(() -> Pem.certificates(text)).isInstanceOf(CertificateException.class);
  }

  @Test
  void givenEncryptedKey_whenRead_thenTheWayOutIsNamed() throws Exception {
    Path file = folder.resolve("key");
    Authority.openssl(
        List.of(
            "genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:x", "-out", "" + file));
    assertThatThrownBy(() -> Pem.privateKey(Files.readString(file)))
        .hasMessageContaining("openssl pkey");
  }

  @ParameterizedTest
  @CsvSource({
    "'CN=p1,O=x', p1",
    "'O=a\\,CN\\=evil,CN=p1', p1",
    "'O=a\\+CN=evil', ''",
    "'OU=b+CN=p1,O=c', p1",
    "'O=only', ''",
    "'CN=a\\,b', 'a,b'"
  })
  void givenSubject_whenItsNameIsAsked_thenOnlyARealCommonNameCounts(String subject, String name) {
    assertThat(CertificateNames.commonName(subject)).isEqualTo(name);
  }
}
