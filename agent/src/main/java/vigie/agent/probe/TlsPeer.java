package vigie.agent.probe;

import io.netty.util.NetUtil;
import java.math.BigInteger;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import vigie.agent.probe.Measure.Sample;

/**
 * Who answered a TLS handshake, and whether it is to be believed.
 *
 * @param sent the certificates as sent, the peer's own first
 * @param chain from the peer's own to one that is trusted; empty unless verified
 * @param version {@code TLS 1.3}
 * @param cipher by its IANA name
 * @param fault what is wrong with it, in words; null where nothing is
 */
record TlsPeer(
    List<X509Certificate> sent,
    List<X509Certificate> chain,
    String name,
    String version,
    String cipher,
    @Nullable String fault) {
  static final Measure EARLIEST =
      Measure.of(
          "probe_ssl_earliest_cert_expiry",
          "When the first of the certificates that the peer sent expires, in seconds since the"
              + " epoch.");
  static final Measure CHAIN_EXPIRY =
      Measure.of(
          "probe_ssl_last_chain_expiry_timestamp_seconds",
          "When the verified chain of certificates expires, in seconds since the epoch; far in the"
              + " past where nothing was verified.");
  static final Measure CHAIN_INFO =
      Measure.of(
          "probe_ssl_last_chain_info",
          "Always 1; the peer's own certificate is in the labels.",
          "fingerprint_sha256",
          "subject",
          "issuer",
          "subjectalternative",
          "serialnumber");
  static final Measure VERSION =
      Measure.of("probe_tls_version_info", "Always 1; the TLS version is in the label.", "version");
  static final Measure CIPHER =
      Measure.of("probe_tls_cipher_info", "Always 1; the cipher suite is in the label.", "cipher");

  // What blackbox_exporter gives where nothing was verified: the year 1, Go's zero time.
  private static final double NO_CHAIN = -62_135_596_800.0;
  private static final int MOST_CHAIN = 16;
  private static final int DNS_NAME = 2;
  private static final int IP_ADDRESS = 7;

  TlsPeer {
    sent = List.copyOf(sent);
    chain = List.copyOf(chain);
  }

  /**
   * Judges certificates.
   *
   * @param trust null: nothing is judged
   * @param before an earlier judgement of the same trust, taken over while certificates, name and
   *     dates allow; null for none
   */
  static TlsPeer judge(
      List<X509Certificate> sent,
      String protocol,
      String cipher,
      String name,
      @Nullable X509TrustManager trust,
      Instant now,
      @Nullable TlsPeer before) {
    String version = protocol.startsWith("TLSv") ? versionOf(protocol) : protocol;
    if (trust == null) {
      return new TlsPeer(sent, List.of(), name, version, cipher, null);
    }
    if (sent.isEmpty()) {
      return new TlsPeer(sent, List.of(), name, version, cipher, "the peer sent no certificate");
    }
    if (before != null
        && before.fault == null
        && before.name.equals(name)
        && before.sent.equals(sent)
        && staleOf(before.chain, now) == null) {
      return new TlsPeer(sent, before.chain, name, version, cipher, null);
    }
    String fault = fault(sent, name, trust, now);
    List<X509Certificate> chain = fault == null ? chain(sent, trust) : List.of();
    return new TlsPeer(sent, chain, name, version, cipher, fault);
  }

  private static String versionOf(String protocol) {
    String number = protocol.substring("TLSv".length());
    return "TLS " + (number.equals("1") ? "1.0" : number);
  }

  private static @Nullable String fault(
      List<X509Certificate> sent, String name, X509TrustManager trust, Instant now) {
    X509Certificate own = sent.get(0);
    String stale = staleOf(List.of(own), now);
    if (stale != null) {
      return stale;
    }
    try {
      trust.checkServerTrusted(sent.toArray(new X509Certificate[0]), "UNKNOWN");
    } catch (CertificateException e) {
      String older = staleOf(sent, now);
      return older != null ? older : untrusted(own, e);
    }
    return isFor(own, name) ? null : notFor(own, name);
  }

  private static String untrusted(X509Certificate own, CertificateException e) {
    if (own.getSubjectX500Principal().equals(own.getIssuerX500Principal())) {
      return "certificate of " + title(own) + " is self-signed, and nothing here trusts it";
    }
    Throwable deepest = e;
    while (deepest.getCause() != null) {
      deepest = deepest.getCause();
    }
    String message = String.valueOf(deepest.getMessage());
    return "certificate of "
        + title(own)
        + " is not trusted: "
        + (message.contains("unable to find valid certification path")
            ? "no known authority stands behind its issuer " + issuerTitle(own)
            : PeerWords.plain(message));
  }

  private static @Nullable String staleOf(List<X509Certificate> certificates, Instant now) {
    for (X509Certificate each : certificates) {
      Instant end = each.getNotAfter().toInstant();
      Instant begin = each.getNotBefore().toInstant();
      if (now.isAfter(end)) {
        return "certificate of "
            + title(each)
            + " expired "
            + days(Duration.between(end, now))
            + " ago, on "
            + date(end);
      }
      if (now.isBefore(begin)) {
        return "certificate of " + title(each) + " is valid from " + date(begin) + " only";
      }
    }
    return null;
  }

  /** Whether a certificate is for this name or address; its common name counts for nothing. */
  static boolean isFor(X509Certificate certificate, String name) {
    InetAddress address = NetUtil.createInetAddressFromIpAddressString(name);
    String wanted = name.toLowerCase(Locale.ROOT);
    if (wanted.endsWith(".")) {
      wanted = wanted.substring(0, wanted.length() - 1);
    }
    for (String each : alternatives(certificate, address == null ? DNS_NAME : IP_ADDRESS)) {
      if (address == null
          ? matches(each.toLowerCase(Locale.ROOT), wanted)
          : address.equals(NetUtil.createInetAddressFromIpAddressString(each))) {
        return true;
      }
    }
    return false;
  }

  /** A star stands for the whole first part and nothing else. RFC 6125, section 6.4.3. */
  private static boolean matches(String pattern, String name) {
    if (!pattern.startsWith("*.")) {
      return pattern.equals(name);
    }
    int dot = name.indexOf('.');
    return dot > 0 && pattern.substring(1).equals(name.substring(dot));
  }

  private static String notFor(X509Certificate own, String name) {
    List<String> names = new ArrayList<>(alternatives(own, DNS_NAME));
    names.addAll(alternatives(own, IP_ADDRESS));
    String known = names.isEmpty() ? "no name at all" : PeerWords.plain(String.join(", ", names));
    return "certificate is for " + known + ", not for " + name;
  }

  private static List<String> alternatives(X509Certificate certificate, int type) {
    List<String> found = new ArrayList<>();
    try {
      Collection<List<?>> all = certificate.getSubjectAlternativeNames();
      if (all != null) {
        for (List<?> each : all) {
          if (each.get(0).equals(type)) {
            found.add(String.valueOf(each.get(1)));
          }
        }
      }
    } catch (CertificateParsingException e) {
      // Then it is for nobody.
    }
    return found;
  }

  /** From the peer's own certificate over those it sent to the first trusted one. */
  private static List<X509Certificate> chain(List<X509Certificate> sent, X509TrustManager trust) {
    List<X509Certificate> anchors = List.of(trust.getAcceptedIssuers());
    List<X509Certificate> chain = new ArrayList<>();
    X509Certificate last = sent.get(0);
    chain.add(last);
    while (!anchors.contains(last) && chain.size() < MOST_CHAIN) {
      X509Certificate issuer = issuer(last, anchors);
      if (issuer == null) {
        issuer = issuer(last, sent);
      }
      if (issuer == null || chain.contains(issuer)) {
        break;
      }
      chain.add(issuer);
      last = issuer;
    }
    return chain;
  }

  private static @Nullable X509Certificate issuer(X509Certificate of, List<X509Certificate> among) {
    for (X509Certificate each : among) {
      if (each.getSubjectX500Principal().equals(of.getIssuerX500Principal())) {
        try {
          of.verify(each.getPublicKey());
          return each;
        } catch (GeneralSecurityException e) {
          // Another key of the same name.
        }
      }
    }
    return null;
  }

  /** The first end of all that were sent; the far past where none was. */
  Instant earliestExpiry() {
    return expiry(sent);
  }

  private static Instant expiry(List<X509Certificate> certificates) {
    return certificates.stream()
        .map(each -> each.getNotAfter().toInstant())
        .min(Instant::compareTo)
        .orElse(Instant.ofEpochSecond((long) NO_CHAIN));
  }

  /** The samples as blackbox_exporter gives them after a handshake that it takes for good. */
  void measure(List<Sample> into) {
    if (sent.isEmpty()) {
      return;
    }
    X509Certificate own = sent.get(0);
    into.add(EARLIEST.sample(earliestExpiry().getEpochSecond()));
    if (fault == null) {
      into.add(CHAIN_EXPIRY.sample(expiry(chain).getEpochSecond()));
    }
    into.add(
        CHAIN_INFO.sample(
            1,
            fingerprint(own),
            DistinguishedName.text(own.getSubjectX500Principal()),
            DistinguishedName.text(own.getIssuerX500Principal()),
            String.join(",", alternatives(own, DNS_NAME)),
            serial(own.getSerialNumber())));
    into.add(VERSION.sample(1, version));
  }

  /** Tells each certificate. */
  void tell(NetRun run) {
    if (!run.isTold()) {
      return;
    }
    run.step(version + ", " + cipher);
    for (X509Certificate each : sent) {
      Instant end = each.getNotAfter().toInstant();
      Instant now = run.tools.clock().now();
      run.step(
          "certificate "
              + PeerWords.plain(DistinguishedName.text(each.getSubjectX500Principal()))
              + ", issuer "
              + PeerWords.plain(DistinguishedName.text(each.getIssuerX500Principal()))
              + ", until "
              + date(end)
              + (now.isAfter(end)
                  ? " (expired)"
                  : " (" + days(Duration.between(now, end)) + " left)"));
    }
    run.step(
        fault != null
            ? fault
            : chain.isEmpty() ? "the chain was not verified" : "chain verified for " + name);
  }

  /** What people call it: its first name, else its common name. */
  static String title(X509Certificate certificate) {
    List<String> names = alternatives(certificate, DNS_NAME);
    return PeerWords.plain(
        names.isEmpty()
            ? DistinguishedName.text(certificate.getSubjectX500Principal())
            : names.get(0));
  }

  private static String issuerTitle(X509Certificate certificate) {
    return PeerWords.plain(DistinguishedName.text(certificate.getIssuerX500Principal()));
  }

  static String date(Instant at) {
    return at.atOffset(ZoneOffset.UTC).toLocalDate().toString();
  }

  static String days(Duration duration) {
    return duration.toDays() > 0 ? duration.toDays() + "d" : duration.toHours() + "h";
  }

  /**
   * Whole bytes in hex, as blackbox_exporter writes it: a leading zero stays, the sign does not.
   */
  static String serial(BigInteger number) {
    String digits = number.abs().toString(16);
    return digits.length() % 2 == 0 ? digits : "0" + digits;
  }

  private static String fingerprint(X509Certificate certificate) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    } catch (NoSuchAlgorithmException | CertificateEncodingException e) {
      throw new IllegalStateException("BUG: a certificate without SHA-256: " + e.getMessage(), e);
    }
  }
}
