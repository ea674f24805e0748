package vigie.agent.reader;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Clock;

/**
 * Asks systemd about its units over D-Bus, as any user may, without starting a program. One
 * connection is kept and made anew when it is lost. Threads wait for each other, within the limit
 * of each.
 *
 * <p>Source: org.freedesktop.systemd1(5).
 */
public final class Systemd implements AutoCloseable {
  static final String DESTINATION = "org.freedesktop.systemd1";
  static final String MANAGER_PATH = "/org/freedesktop/systemd1";
  static final String MANAGER = "org.freedesktop.systemd1.Manager";
  static final String UNIT = "org.freedesktop.systemd1.Unit";
  static final String SERVICE = "org.freedesktop.systemd1.Service";

  private static final String UNIT_PATH = "/org/freedesktop/systemd1/unit/";
  private static final String DAEMON_SOCKET = "/run/dbus/system_bus_socket";
  private static final String PRIVATE_SOCKET = "/run/systemd/private";
  private static final int MAX_NAMES = 20_000;
  private static final int MAX_NAME = 255;
  private static final List<String> TYPES =
      List.of(
          "service",
          "socket",
          "timer",
          "target",
          "mount",
          "automount",
          "swap",
          "path",
          "slice",
          "scope",
          "device");

  private final List<Address> addresses;
  private final Clock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable DBusConnection connection;
  private int connects;

  private Systemd(List<Address> addresses, Clock clock) {
    this.addresses = List.copyOf(addresses);
    this.clock = clock;
  }

  /**
   * The systemd of the watched system: at {@code DBUS_SYSTEM_BUS_ADDRESS} where the environment has
   * it, else at the system bus below the root, else, for root, at systemd's own socket. Nothing is
   * connected yet.
   */
  public static Systemd of(Roots roots, Map<String, String> environment, Clock clock) {
    String given = environment.getOrDefault("DBUS_SYSTEM_BUS_ADDRESS", "");
    List<Address> addresses = new ArrayList<>();
    for (String address : given.split(";", -1)) {
      if (address.startsWith("unix:path=")) {
        String path = address.substring("unix:path=".length());
        addresses.add(new Address(Path.of(path.replaceFirst(",.*", "")), true));
      }
    }
    if (given.isEmpty()) {
      addresses.add(new Address(roots.inRoot(DAEMON_SOCKET), true));
      addresses.add(new Address(roots.inRoot(PRIVATE_SOCKET), false));
    }
    return new Systemd(addresses, clock);
  }

  /** The systemd of this machine. */
  public static Systemd host(Roots roots, Clock clock) {
    return of(roots, System.getenv(), clock);
  }

  /**
   * The full name of a unit that may be written short: {@code gunicorn} is {@code
   * gunicorn.service}.
   *
   * @throws IllegalArgumentException when no unit can have that name; the message says why
   */
  public static String unitName(String name) {
    for (int i = 0; i < name.length(); i++) {
      if (!isLetter(name.charAt(i)) && "0123456789:-_.\\@".indexOf(name.charAt(i)) < 0) {
        throw new IllegalArgumentException(
            "a unit's name has letters, digits and :-_.\\@, such as gunicorn.service");
      }
    }
    String full = TYPES.contains(typeOf(name)) ? name : name + ".service";
    if (full.length() > MAX_NAME || full.startsWith(".")) {
      throw new IllegalArgumentException("a unit's name has 1 to 255 characters");
    }
    return full;
  }

  private static boolean isLetter(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  /** The type of a unit: what stands behind the last dot of its name. */
  static String typeOf(String name) {
    return name.substring(name.lastIndexOf('.') + 1);
  }

  /** Where D-Bus has the unit: what is not a letter or a digit is written in hexadecimal. */
  static String pathOf(String unit) {
    StringBuilder path = new StringBuilder(UNIT_PATH);
    int prefix = path.length();
    for (byte b : unit.getBytes(StandardCharsets.UTF_8)) {
      boolean digit = b >= '0' && b <= '9';
      if (isLetter(b) || (digit && path.length() > prefix)) {
        path.append((char) b);
      } else {
        path.append('_');
        path.append(Character.forDigit((b >> 4) & 15, 16)).append(Character.forDigit(b & 15, 16));
      }
    }
    return path.toString();
  }

  /**
   * How a unit is now. A unit that does not exist is an answer too: see {@link UnitStatus#exists}.
   *
   * @param unit its full name, from {@link #unitName}
   * @throws NoDataException when the machine has no bus, so most likely no systemd
   * @throws IOException when the bus cannot be reached, refuses this user, or gives no answer
   *     within {@code limit}; the message says which
   */
  public UnitStatus status(String unit, Duration limit) throws IOException {
    String path = pathOf(unit);
    String[] texts = {"", "", "", "", ""};
    long[] numbers = {-1, -1, -1, -1};
    boolean service = unit.endsWith(".service");
    exchange(
        limit,
        bus -> {
          get(bus, path, UNIT, "LoadState");
          get(bus, path, UNIT, "ActiveState");
          get(bus, path, UNIT, "SubState");
          get(bus, path, UNIT, "InvocationID");
          get(bus, path, UNIT, "ActiveEnterTimestamp");
          if (service) {
            get(bus, path, SERVICE, "NRestarts");
            get(bus, path, SERVICE, "ExecMainCode");
            get(bus, path, SERVICE, "ExecMainStatus");
            get(bus, path, SERVICE, "Result");
          }
        },
        (call, error, body) -> {
          if (error != null) {
            if (call == 0) {
              throw refusal(error, body);
            }
          } else if (call < 3) {
            texts[call] = body.variantString();
          } else if (call == 3) {
            texts[3] = body.variantHex();
          } else if (call < 8) {
            numbers[call - 4] = body.variantNumber();
          } else {
            texts[4] = body.variantString();
          }
        });
    return new UnitStatus(
        unit,
        texts[0],
        texts[1],
        texts[2],
        texts[4],
        numbers[1],
        (int) numbers[2],
        (int) numbers[3],
        texts[3],
        instant(numbers[0]));
  }

  /** Microseconds since the epoch; 0 stands for never. */
  private static @Nullable Instant instant(long micros) {
    return micros > 0 ? Instant.EPOCH.plusNanos(TimeUnit.MICROSECONDS.toNanos(micros)) : null;
  }

  /**
   * When and by what kind of service the present state came about.
   *
   * @throws IOException as {@link #status}
   */
  public UnitChange change(String unit, Duration limit) throws IOException {
    String path = pathOf(unit);
    String[] type = {""};
    long[] since = {0};
    exchange(
        limit,
        bus -> {
          get(bus, path, UNIT, "StateChangeTimestamp");
          if (unit.endsWith(".service")) {
            get(bus, path, SERVICE, "Type");
          }
        },
        (call, error, body) -> {
          if (error != null) {
            if (call == 0) {
              throw refusal(error, body);
            }
          } else if (call == 0) {
            since[0] = body.variantNumber();
          } else {
            type[0] = body.variantString();
          }
        });
    return new UnitChange(type[0], instant(since[0]));
  }

  /**
   * The names of all units that are loaded or have a file, in order; at most 20,000.
   *
   * @throws IOException as {@link #status}
   */
  public List<String> unitNames(Duration limit) throws IOException {
    TreeSet<String> names = new TreeSet<>();
    exchange(
        limit,
        bus -> {
          bus.call(DESTINATION, MANAGER_PATH, MANAGER, "ListUnits");
          bus.call(DESTINATION, MANAGER_PATH, MANAGER, "ListUnitFiles");
        },
        (call, error, body) -> {
          if (error != null) {
            throw refusal(error, body);
          }
          int end = body.array(8);
          while (body.isBefore(end) && names.size() < MAX_NAMES) {
            body.struct();
            String name = body.string();
            if (call == 0) {
              body.skipString();
              if (body.string().equals("loaded")) {
                names.add(name);
              }
              body.skip("sssouso");
            } else {
              names.add(name.substring(name.lastIndexOf('/') + 1));
              body.skipString();
            }
          }
        });
    return List.copyOf(names);
  }

  /**
   * The names of the units that have failed, in order; at most 20,000.
   *
   * @throws IOException as {@link #status}
   */
  public List<String> failedUnits(Duration limit) throws IOException {
    return list(
        limit,
        "ListUnits",
        (body, names) -> {
          String name = body.string();
          body.skip("ss");
          if (body.string().equals("failed")) {
            names.add(name);
          }
          body.skip("ssouso");
        });
  }

  /**
   * How the whole system is: {@code running}, {@code degraded}, {@code starting}, {@code stopping},
   * …
   *
   * @throws IOException as {@link #status}
   */
  public String systemState(Duration limit) throws IOException {
    String[] state = {""};
    exchange(
        limit,
        bus -> get(bus, MANAGER_PATH, MANAGER, "SystemState"),
        (call, error, body) -> {
          if (error != null) {
            throw refusal(error, body);
          }
          state[0] = body.variantString();
        });
    return state[0];
  }

  /**
   * The units that systemd is about to start, in order; at most 20,000.
   *
   * @throws IOException as {@link #status}
   */
  public List<String> starting(Duration limit) throws IOException {
    return list(
        limit,
        "ListJobs",
        (body, names) -> {
          body.uint32();
          String name = body.string();
          if (body.string().equals("start")) {
            names.add(name);
          }
          body.skip("soo");
        });
  }

  /** Reads one struct of a list whole and keeps its name if it is wanted. */
  private interface Row {
    void read(DBusReader body, Set<String> names) throws IOException;
  }

  /** What a call of the manager lists, an array of structs, each read by {@code row}. */
  private List<String> list(Duration limit, String call, Row row) throws IOException {
    TreeSet<String> names = new TreeSet<>();
    exchange(
        limit,
        bus -> bus.call(DESTINATION, MANAGER_PATH, MANAGER, call),
        (index, error, body) -> {
          if (error != null) {
            throw refusal(error, body);
          }
          int end = body.array(8);
          while (body.isBefore(end) && names.size() < MAX_NAMES) {
            body.struct();
            row.read(body, names);
          }
        });
    return List.copyOf(names);
  }

  static void get(DBusConnection bus, String path, String interfaceName, String property) {
    bus.call(DESTINATION, path, "org.freedesktop.DBus.Properties", "Get", interfaceName, property);
  }

  /** What an error that answers the first call means. */
  static IOException refusal(String error, DBusReader body) throws IOException {
    switch (error) {
      case "org.freedesktop.DBus.Error.NameHasNoOwner",
          "org.freedesktop.DBus.Error.ServiceUnknown" -> {
        return new NoDataException("there is a bus, but no systemd on it");
      }
      case "org.freedesktop.DBus.Error.AccessDenied" -> {
        return new IOException("the bus does not let this user ask systemd: " + body.string());
      }
      default -> {
        return new IOException("systemd answered " + error);
      }
    }
  }

  /** How often a connection was made; what was learnt over an earlier one may be out of date. */
  int connects() {
    return connects;
  }

  /** Sends the calls and hands out their answers, over the kept connection or a new one. */
  void exchange(Duration limit, Calls calls, DBusConnection.Answers answers) throws IOException {
    long deadline = clock.nanos() + limit.toNanos();
    try {
      if (!lock.tryLock(limit.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new IOException("systemd has not answered what was asked before");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for systemd", e);
    }
    try {
      DBusConnection open = connected(deadline);
      boolean complete = false;
      try {
        calls.to(open);
        open.exchange(left(deadline), answers);
        complete = true;
      } finally {
        if (!complete) {
          disconnect();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private DBusConnection connected(long deadline) throws IOException {
    DBusConnection kept = connection;
    if (kept != null && kept.isAlive()) {
      return kept;
    }
    disconnect();
    @Nullable IOException failure = null;
    for (Address address : addresses) {
      if (Files.exists(address.socket)) {
        try {
          DBusConnection open =
              DBusConnection.open(address.socket, address.daemon, clock, left(deadline));
          connection = open;
          connects++;
          return open;
        } catch (IOException e) {
          // The first says more: systemd's own socket is for root only.
          failure = failure == null ? e : failure;
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
    throw new NoDataException(
        addresses.isEmpty()
            ? "DBUS_SYSTEM_BUS_ADDRESS has no address that begins with unix:path="
            : "no D-Bus socket " + addresses.get(0).socket);
  }

  private Duration left(long deadline) {
    return Duration.ofNanos(Math.max(0, deadline - clock.nanos()));
  }

  private void disconnect() {
    if (connection != null) {
      connection.close();
      connection = null;
    }
  }

  /** Waits for the answers that other threads wait for. */
  @Override
  public void close() {
    lock.lock();
    try {
      disconnect();
    } finally {
      lock.unlock();
    }
  }

  /** Makes the calls of an exchange. */
  interface Calls {
    void to(DBusConnection bus);
  }

  /**
   * Where systemd may be reached.
   *
   * @param daemon whether a bus daemon is there, not systemd itself
   */
  private record Address(Path socket, boolean daemon) {}
}
