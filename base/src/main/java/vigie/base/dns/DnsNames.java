package vigie.base.dns;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The words for DNS's numbers, from IANA's registry of DNS parameters. Where two are in use, the
 * one that Go's miekg/dns prints, since users' expressions are written for that.
 */
public final class DnsNames {
  public static final int ANY = 255;
  public static final int SOA = 6;
  public static final int CLASS_IN = 1;

  private static final Map<Integer, String> TYPES = new HashMap<>();
  private static final Map<Integer, String> CLASSES = new HashMap<>();
  private static final Map<Integer, String> RCODES = new HashMap<>();

  static {
    read(
        TYPES,
        "1 A 2 NS 3 MD 4 MF 5 CNAME 6 SOA 7 MB 8 MG 9 MR 10 NULL 12 PTR 13 HINFO 14 MINFO 15 MX"
            + " 16 TXT 17 RP 18 AFSDB 19 X25 20 ISDN 21 RT 23 NSAP-PTR 24 SIG 25 KEY 26 PX 27 GPOS"
            + " 28 AAAA 29 LOC 30 NXT 31 EID 32 NIMLOC 33 SRV 34 ATMA 35 NAPTR 36 KX 37 CERT"
            + " 39 DNAME 41 OPT 42 APL 43 DS 44 SSHFP 45 IPSECKEY 46 RRSIG 47 NSEC 48 DNSKEY"
            + " 49 DHCID 50 NSEC3 51 NSEC3PARAM 52 TLSA 53 SMIMEA 55 HIP 56 NINFO 57 RKEY"
            + " 58 TALINK 59 CDS 60 CDNSKEY 61 OPENPGPKEY 62 CSYNC 63 ZONEMD 64 SVCB 65 HTTPS"
            + " 99 SPF 100 UINFO 101 UID 102 GID 103 UNSPEC 104 NID 105 L32 106 L64 107 LP"
            + " 108 EUI48 109 EUI64 128 NXNAME 249 TKEY 250 TSIG 251 IXFR 252 AXFR 253 MAILB"
            + " 254 MAILA 255 ANY 256 URI 257 CAA 258 AVC 260 AMTRELAY 261 RESINFO 32768 TA"
            + " 32769 DLV");
    read(CLASSES, "1 IN 2 CS 3 CH 4 HS 254 NONE 255 ANY");
    read(
        RCODES,
        "0 NOERROR 1 FORMERR 2 SERVFAIL 3 NXDOMAIN 4 NOTIMP 5 REFUSED 6 YXDOMAIN 7 YXRRSET"
            + " 8 NXRRSET 9 NOTAUTH 10 NOTZONE 11 DSOTYPENI 16 BADSIG 17 BADKEY 18 BADTIME"
            + " 19 BADMODE 20 BADNAME 21 BADALG 22 BADTRUNC 23 BADCOOKIE");
  }

  private DnsNames() {}

  private static void read(Map<Integer, String> into, String pairs) {
    String[] words = pairs.split(" ", -1);
    for (int i = 0; i < words.length; i += 2) {
      into.put(Integer.valueOf(words[i]), words[i + 1]);
    }
  }

  /** {@code AAAA}; {@code TYPE1234} where it has no name. */
  public static String type(int type) {
    return TYPES.getOrDefault(type, "TYPE" + type);
  }

  /** {@code IN}; {@code CLASS17} where it has no name. */
  public static String klass(int klass) {
    return CLASSES.getOrDefault(klass, "CLASS" + klass);
  }

  /** {@code NXDOMAIN}; the number where it has no name. */
  public static String rcode(int rcode) {
    return RCODES.getOrDefault(rcode, "rcode " + rcode);
  }

  /** The number of a type, or null. */
  public static @Nullable Integer typeOf(String name) {
    return find(TYPES, name);
  }

  /** The number of a class, or null. */
  public static @Nullable Integer classOf(String name) {
    return find(CLASSES, name);
  }

  /** The number of a response code, or null. */
  public static @Nullable Integer rcodeOf(String name) {
    return find(RCODES, name.equals("NOTIMPL") ? "NOTIMP" : name);
  }

  /** Every name of a class, for messages. */
  public static Collection<String> classes() {
    return CLASSES.values();
  }

  /** Every name of a type, for messages. */
  public static Collection<String> types() {
    return TYPES.values();
  }

  private static @Nullable Integer find(Map<Integer, String> names, String name) {
    for (Map.Entry<Integer, String> each : names.entrySet()) {
      if (each.getValue().equals(name)) {
        return each.getKey();
      }
    }
    return null;
  }
}
