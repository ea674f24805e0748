package vigie.agent.probe;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import vigie.base.net.Addresses;

/**
 * Which process of this host listens where, for messages. Reads {@code /proc}, which takes
 * milliseconds to a second; whose socket it is can be seen for our own processes, or by root.
 */
public final class Listening {
  private static final int MOST_NAMED = 3;
  private final Path procfs;

  /**
   * A process that listens.
   *
   * @param pid 0 if the process may not be looked at
   */
  public record Holder(String name, long pid) {
    static final Holder UNKNOWN = new Holder("something", 0);

    /** {@code python3 (process 812)}. */
    @Override
    public String toString() {
      return pid == 0 ? "another process" : name + " (process " + pid + ")";
    }
  }

  public Listening(Path procfs) {
    this.procfs = procfs;
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
  public @Nullable Holder holder(InetAddress address, int port) {
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
    Map<Long, Holder> owners = owners(named.stream().map(sockets::inode).toList());
    Set<String> texts = new LinkedHashSet<>();
    for (int i : named) {
      Holder owner = owners.getOrDefault(sockets.inode(i), Holder.UNKNOWN);
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

  private Holder owner(ListeningSockets sockets, int index) {
    long inode = sockets.inode(index);
    return owners(List.of(inode)).getOrDefault(inode, Holder.UNKNOWN);
  }

  /** Socket inode to its process, for as many as may be seen. */
  private Map<Long, Holder> owners(List<Long> inodes) {
    Map<Long, Holder> found = new HashMap<>();
    Map<String, Long> wanted = new HashMap<>();
    for (long inode : inodes) {
      wanted.put("socket:[" + inode + "]", inode);
    }
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(procfs, "[0-9]*")) {
      for (Path process : processes) {
        if (found.size() == wanted.size()) {
          break;
        }
        lookInto(process, wanted, found);
      }
    } catch (IOException | DirectoryIteratorException e) {
      // Names are an extra; the answer goes without them.
    }
    return found;
  }

  private static void lookInto(Path process, Map<String, Long> wanted, Map<Long, Holder> found) {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path descriptor : descriptors) {
        Long inode = wanted.get(linkOf(descriptor));
        if (inode != null) {
          String name = Files.readString(process.resolve("comm")).strip();
          String pid = Objects.requireNonNull(process.getFileName()).toString();
          found.putIfAbsent(inode, new Holder(name, Long.parseLong(pid)));
        }
      }
    } catch (IOException | DirectoryIteratorException | NumberFormatException e) {
      // Somebody else's process, or one that has just ended.
    }
  }

  private static String linkOf(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException closedMeanwhile) {
      return "";
    }
  }
}
