package vigie.base.net;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Judges the certificate of a server that a client connects to, and says in words what is wrong: by
 * who signed it, its name and its time, or by its fingerprint alone.
 */
public final class ServerTrust extends EngineTrust {
  private static final int SHA256_DIGITS = 64;

  private final String signers;
  private final Set<String> fingerprints;

  private ServerTrust(
      @Nullable X509ExtendedTrustManager verifying, String signers, Set<String> fingerprints) {
    super(verifying);
    this.signers = signers;
    this.fingerprints = fingerprints;
  }

  /**
   * Takes what one of these has signed, for the host that was connected to.
   *
   * @param authorities null means those that the JVM knows
   * @param name what a message calls them, such as the file that they come from
   */
  public static ServerTrust signedBy(@Nullable List<X509Certificate> authorities, String name)
      throws GeneralSecurityException {
    return new ServerTrust(ClientTrust.verifying(authorities), name, Set.of());
  }

  /** Takes these certificates whoever signed them, under any name and at any time. */
  public static ServerTrust pinned(List<String> fingerprints) {
    return new ServerTrust(null, "", Set.copyOf(fingerprints));
  }

  /**
   * A SHA-256 fingerprint as people write it, with or without colons and {@code sha256:} before it,
   * in 64 hexadecimal digits.
   *
   * @throws IllegalArgumentException that says what was expected
   */
  public static String fingerprint(String text) {
    String digits =
        text.toLowerCase(Locale.ROOT).replaceFirst("^sha-?256[:=]", "").replace(":", "").strip();
    if (digits.length() != SHA256_DIGITS
        || !digits.chars().allMatch(c -> Character.digit(c, 16) >= 0)) {
      throw new IllegalArgumentException(
          "\""
              + text
              + "\" is not a SHA-256 fingerprint; take it from: openssl x509 -in cert.pem -noout"
              + " -fingerprint -sha256");
    }
    return digits;
  }

  /** The fingerprint of a certificate, in 64 hexadecimal digits. */
  public static String fingerprint(X509Certificate certificate)
      throws CertificateEncodingException {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("BUG: every Java has SHA-256", e);
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
      throws CertificateException {
    X509Certificate own = chain[0];
    if (verifying == null) {
      String found = fingerprint(own);
      if (!fingerprints.contains(found)) {
        throw new CertificateException(
            "the server's certificate has another fingerprint, sha256:" + found);
      }
      return;
    }
    checkTime(own);
    try {
      verifying.checkServerTrusted(chain, type);
    } catch (CertificateException e) {
      throw new CertificateException(
          named(own)
              + " is signed by \""
              + own.getIssuerX500Principal().getName()
              + "\", which "
              + signers
              + " does not vouch for"
              + (isUnknown(e) ? "" : ": " + e.getMessage()),
          e);
    }
    try {
      verifying.checkServerTrusted(chain, type, engine);
    } catch (CertificateException e) {
      throw new CertificateException(
          named(own)
              + " is for "
              + String.join(", ", CertificateNames.alternatives(own))
              + " and not for "
              + engine.getPeerHost()
              + "; set server_name if that is right",
          e);
    }
  }

  /** Nobody known has signed it; everything else is worth being told. */
  private static boolean isUnknown(Throwable failure) {
    for (Throwable at = failure; at != null; at = at.getCause()) {
      if (at instanceof CertPathBuilderException) {
        return true;
      }
    }
    return false;
  }

  private static void checkTime(X509Certificate own) throws CertificateException {
    String now = "; look at this machine's clock, too";
    try {
      own.checkValidity();
    } catch (CertificateExpiredException e) {
      throw new CertificateException(
          named(own) + " expired on " + own.getNotAfter().toInstant() + now, e);
    } catch (CertificateNotYetValidException e) {
      throw new CertificateException(
          named(own) + " is not valid before " + own.getNotBefore().toInstant() + now, e);
    }
  }

  private static String named(X509Certificate certificate) {
    return "the server's certificate \"" + CertificateNames.name(certificate) + "\"";
  }
}
