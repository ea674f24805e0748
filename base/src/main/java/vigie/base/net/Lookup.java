package vigie.base.net;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Finds the addresses of a host by its name; may block for as long as the network pleases. */
@FunctionalInterface
public interface Lookup {
  /** The machine's own way, {@code /etc/hosts} and DNS as configured. */
  Lookup SYSTEM = InetAddress::getAllByName;

  /**
   * All addresses of a name or of an address in its written form; at least one.
   *
   * @throws UnknownHostException if there is none
   */
  InetAddress[] all(String host) throws UnknownHostException;
}
