package vigie.base.net;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Certificates and private keys in PEM, RFC 7468. Keys in the older forms of RSA (PKCS#1, RFC 8017)
 * and of EC (SEC 1, RFC 5915), which the JDK cannot read, are wrapped into PKCS#8 first.
 */
public final class Pem {
  private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA", "RSASSA-PSS");
  // AlgorithmIdentifier of rsaEncryption with its NULL, and the OID of id-ecPublicKey.
  private static final byte[] RSA = {
    0x30, 0x0d, 6, 9, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1, 5, 0
  };
  private static final byte[] EC = {6, 7, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};
  private static final byte[] VERSION_0 = {2, 1, 0};

  private Pem() {}

  /**
   * All certificates in the text, in its order.
   *
   * @throws CertificateException if there is none, or one cannot be read
   */
  public static List<X509Certificate> certificates(String text) throws CertificateException {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    List<X509Certificate> all = new ArrayList<>();
    for (Block block : blocks(text)) {
      if (block.label.equals("CERTIFICATE")) {
        all.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(block.der)));
      }
    }
    if (all.isEmpty()) {
      throw new CertificateException("holds no certificate (-----BEGIN CERTIFICATE-----)");
    }
    return all;
  }

  /**
   * The first private key in the text.
   *
   * @throws InvalidKeyException if there is none, it is encrypted or cannot be read; the message
   *     holds nothing of it
   */
  public static PrivateKey privateKey(String text) throws InvalidKeyException {
    for (Block block : blocks(text)) {
      switch (block.label) {
        case "PRIVATE KEY" -> {
          return key(block.der);
        }
        case "RSA PRIVATE KEY" -> {
          return key(der(0x30, VERSION_0, RSA, der(4, block.der)));
        }
        case "EC PRIVATE KEY" -> {
          return key(der(0x30, VERSION_0, der(0x30, EC, curve(block.der)), der(4, block.der)));
        }
        case "ENCRYPTED PRIVATE KEY" ->
            throw new InvalidKeyException(
                "the key is encrypted; take the passphrase off: openssl pkey -in FILE -out FILE2");
        default -> {
          // such as EC PARAMETERS or the certificate in the same file
        }
      }
    }
    throw new InvalidKeyException("holds no private key (-----BEGIN PRIVATE KEY-----)");
  }

  private static PrivateKey key(byte[] pkcs8) throws InvalidKeyException {
    for (String algorithm : ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
      } catch (InvalidKeySpecException another) {
        // the next may know it
      } catch (GeneralSecurityException e) {
        throw new InvalidKeyException("this JVM has no " + algorithm, e);
      }
    }
    throw new InvalidKeyException("the private key is damaged, or of no kind of " + ALGORITHMS);
  }

  /** The OID in the optional field [0] of an ECPrivateKey. */
  private static byte[] curve(byte[] der) throws InvalidKeyException {
    int at = contents(der, 0);
    while (at < der.length) {
      int inner = contents(der, at);
      int end = inner + length(der, at);
      if (end > der.length) {
        break;
      }
      if ((der[at] & 0xff) == 0xa0) {
        return java.util.Arrays.copyOfRange(der, inner, end);
      }
      at = end;
    }
    throw new InvalidKeyException("the EC key does not name its curve");
  }

  private static int contents(byte[] der, int at) throws InvalidKeyException {
    if (at + 1 >= der.length) {
      throw new InvalidKeyException("the private key is cut off");
    }
    int first = der[at + 1] & 0xff;
    return at + 2 + (first < 0x80 ? 0 : first - 0x80);
  }

  private static int length(byte[] der, int at) throws InvalidKeyException {
    int start = contents(der, at);
    if (start > der.length || start - at > 4) {
      throw new InvalidKeyException("the private key is cut off");
    }
    int length = start - at == 2 ? der[at + 1] & 0xff : 0;
    for (int i = at + 2; i < start; i++) {
      length = (length << 8) | (der[i] & 0xff);
    }
    return length;
  }

  private static byte[] der(int tag, byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    out.write(tag);
    if (length < 0x80) {
      out.write(length);
    } else if (length < 0x100) {
      out.write(0x81);
      out.write(length);
    } else {
      out.write(0x82);
      out.write(length >> 8);
      out.write(length);
    }
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private static List<Block> blocks(String text) {
    List<Block> all = new ArrayList<>();
    String begin = "-----BEGIN ";
    for (int at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, at + 1)) {
      int labelEnd = text.indexOf("-----", at + begin.length());
      if (labelEnd < 0) {
        break;
      }
      String label = text.substring(at + begin.length(), labelEnd);
      int end = text.indexOf("-----END " + label + "-----", labelEnd);
      if (end < 0) {
        continue;
      }
      try {
        String body = text.substring(labelEnd + 5, end);
        all.add(new Block(label, Base64.getMimeDecoder().decode(body)));
      } catch (IllegalArgumentException notBase64) {
        // then it is not there, and whoever wants it says so
      }
    }
    return all;
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Block(String label, byte[] der) {}
}
