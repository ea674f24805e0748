package vigie.agent.probe;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.net.Addresses;
import vigie.base.net.SocketOwners;
import vigie.base.net.SocketOwners.Owner;

/**
 * Which process of this host listens where, for messages. Reads {@code /proc}, which takes
 * milliseconds to a second; whose socket it is can be seen for our own processes, or by root.
 */
public final class Listening {
  private static final int MOST_NAMED = 3;
  private final Path procfs;
  private final SocketOwners owners;

  public Listening(Path procfs) {
    this.procfs = procfs;
    this.owners = new SocketOwners(procfs);
  }

  /** Whether an address is one of this host's own. */
  public static boolean isLocal(InetAddress address) {
    try {
      return address.isLoopbackAddress()
          || address.isAnyLocalAddress()
          || NetworkInterface.getByInetAddress(address) != null;
    } catch (SocketException e) {
      return false;
    }
  }

  /** As below, for a target that is not resolved yet; looks its name up, which may block. */
  public String explain(InetSocketAddress target) {
    InetAddress address =
        new InetSocketAddress(target.getHostString(), target.getPort()).getAddress();
    return address == null ? "" : explain(new InetAddress[] {address}, target.getPort());
  }

  /**
   * Why a target of this host is not up: {@code nothing listens on 127.0.0.1:33337; python3 listens
   * on 127.0.0.1:13337}. At most three others, those first that look most like what was asked for.
   *
   * @return {@code ""} if the target is elsewhere or /proc cannot be read
   */
  public String explain(InetAddress[] addresses, int port) {
    for (InetAddress address : addresses) {
      if (!isLocal(address)) {
        return "";
      }
    }
    try (ListeningSockets sockets = new ListeningSockets(procfs)) {
      sockets.read();
      for (InetAddress address : addresses) {
        int taker = find(sockets, address, port);
        if (taker >= 0) {
          return owner(sockets, taker).name() + " listens on " + text(sockets, taker);
        }
      }
      if (addresses.length == 0) {
        return "";
      }
      return "nothing listens on "
          + Addresses.format(new InetSocketAddress(addresses[0], port))
          + others(sockets, port);
    } catch (IOException e) {
      return "";
    }
  }

  /**
   * The process that listens on an address, or null if nobody does. A wildcard address is taken by
   * whoever listens on that port of any address.
   */
  public @Nullable Owner holder(InetAddress address, int port) {
    try (ListeningSockets sockets = new ListeningSockets(procfs)) {
      sockets.read();
      for (int i = 0; i < sockets.size(); i++) {
        if (sockets.port(i) == port
            && (address.isAnyLocalAddress() || find(sockets, address, port) == i)) {
          return owner(sockets, i);
        }
      }
    } catch (IOException e) {
      // Without /proc nothing is known.
    }
    return null;
  }

  private static int find(ListeningSockets sockets, InetAddress address, int port) {
    return sockets.find(ListeningSockets.high(address), ListeningSockets.low(address), port);
  }

  private String others(ListeningSockets sockets, int port) {
    List<Integer> candidates = new ArrayList<>();
    for (int i = 0; i < sockets.size(); i++) {
      candidates.add(i);
    }
    candidates.sort(
        Comparator.<Integer>comparingInt(i -> unlikeness(sockets.port(i), port))
            .thenComparingInt(sockets::port));
    List<Integer> named = candidates.subList(0, Math.min(MOST_NAMED + 1, candidates.size()));
    Map<Long, Owner> known = owners.of(named.stream().map(sockets::inode).toList());
    Set<String> texts = new LinkedHashSet<>();
    for (int i : named) {
      Owner owner = known.getOrDefault(sockets.inode(i), Owner.UNKNOWN);
      // That the agent listens itself is nobody's mistake in a port.
      if (owner.pid() != ProcessHandle.current().pid() && texts.size() < MOST_NAMED) {
        texts.add("; " + owner.name() + " listens on " + text(sockets, i));
      }
    }
    return String.join("", texts);
  }

  /** How many digits differ, place by place from the right: 0 for the same port. */
  private static int unlikeness(int a, int b) {
    int differing = 0;
    for (int x = a, y = b; x > 0 || y > 0; x /= 10, y /= 10) {
      differing += x % 10 == y % 10 ? 0 : 1;
    }
    return differing;
  }

  private static String text(ListeningSockets sockets, int index) {
    return Addresses.format(new InetSocketAddress(sockets.address(index), sockets.port(index)));
  }

  private Owner owner(ListeningSockets sockets, int index) {
    long inode = sockets.inode(index);
    return owners.of(List.of(inode)).getOrDefault(inode, Owner.UNKNOWN);
  }
}
