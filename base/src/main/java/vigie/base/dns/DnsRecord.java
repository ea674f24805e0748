package vigie.base.dns;

import vigie.base.dns.DnsMessage.FormatException;

/**
 * A resource record, its data as text.
 *
 * @param ttl in seconds
 * @param serial of a SOA record, else -1
 * @param data in the form of zone files, as Go's miekg/dns prints it
 */
public record DnsRecord(String name, int type, int klass, long ttl, long serial, String data) {
  static DnsRecord read(DnsReader in) throws FormatException {
    String name = in.name();
    int type = in.u16();
    int klass = in.u16();
    long ttl = in.u32();
    DnsReader data = in.part(in.u16());
    if (!data.hasMore()) {
      return new DnsRecord(name, type, klass, ttl, -1, "");
    }
    if (type != DnsNames.SOA) {
      return new DnsRecord(name, type, klass, ttl, -1, DnsText.data(type, data));
    }
    String names = data.name() + " " + data.name() + " ";
    long serial = data.u32();
    String text = names + serial;
    for (int i = 0; i < 4; i++) {
      text += " " + data.u32();
    }
    return new DnsRecord(name, type, klass, ttl, serial, text);
  }

  /** {@code example.org.\t300\tIN\tA\t192.0.2.1}. */
  @Override
  public String toString() {
    boolean known = DnsText.isKnown(type);
    return name
        + '\t'
        + ttl
        + '\t'
        + (known ? DnsNames.klass(klass) : "CLASS" + klass)
        + '\t'
        + (known ? DnsNames.type(type) : "TYPE" + type)
        + '\t'
        + data;
  }
}
