package vigie.collector.scrape;

import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import vigie.base.dns.DnsMessage;
import vigie.base.dns.DnsNames;
import vigie.base.dns.DnsRecord;
import vigie.base.time.Clock;

/**
 * Asks the servers of {@code resolv.conf} for records of one type, by UDP and, where an answer is
 * truncated, by TCP. Keeps nothing. Blocks for up to two seconds for each server, each of the two
 * ways and each name of the search list. Safe for all threads.
 *
 * <p>Source: resolv.conf(5): {@code nameserver} (three at most), {@code search}, {@code domain},
 * {@code options ndots:N}.
 */
final class DnsResolver {
  private static final int PATIENCE_MILLIS = 2_000;
  private static final int MOST_SERVERS = 3;
  private static final int MOST_SEARCH = 6;
  private static final int MOST_STRAY = 8;
  private static final int PORT = 53;
  private static final int NOERROR = 0;
  private static final int NXDOMAIN = 3;

  private final Path resolvConf;
  private final int port;
  private final int patienceMillis;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  private record Conf(List<String> servers, List<String> search, int dots) {}

  /** The clock measures only how long a server takes. */
  DnsResolver(Path resolvConf, Clock clock) {
    this(resolvConf, PORT, PATIENCE_MILLIS, clock);
  }

  DnsResolver(Path resolvConf, int port, int patienceMillis, Clock clock) {
    this.resolvConf = resolvConf;
    this.port = port;
    this.patienceMillis = patienceMillis;
    this.clock = clock;
  }

  /**
   * The records in the first good answer to the name or, as resolv.conf has it, the name in one of
   * its domains; records of other types may be among them. Empty if the name does not exist, or has
   * none.
   *
   * @throws IOException if no server knows either way
   * @throws IllegalArgumentException if that is no name
   */
  List<DnsRecord> lookup(String name, int type) throws IOException {
    Conf conf = conf();
    String failure = "";
    for (String each : names(name, conf)) {
      try {
        DnsMessage answer = ask(conf, each, type);
        if (answer.rcode() == NOERROR) {
          return answer.answers();
        }
      } catch (IOException e) {
        failure = String.valueOf(e.getMessage());
      }
    }
    if (!failure.isEmpty()) {
      throw new IOException(failure);
    }
    return List.of();
  }

  private Conf conf() throws IOException {
    List<String> servers = new ArrayList<>();
    List<String> search = List.of();
    int dots = 1;
    for (String line : Files.readAllLines(resolvConf)) {
      String[] words = line.strip().split("\\s+", -1);
      switch (words[0]) {
        case "nameserver" -> {
          if (words.length > 1 && servers.size() < MOST_SERVERS) {
            servers.add(words[1]);
          }
        }
        case "search", "domain" ->
            search = List.of(words).subList(1, Math.min(words.length, 1 + MOST_SEARCH));
        case "options" -> {
          for (String word : words) {
            if (word.matches("ndots:\\d{1,2}")) {
              dots = Math.min(15, Integer.parseInt(word.substring(6)));
            }
          }
        }
        default -> {
          // sortlist, comments
        }
      }
    }
    return new Conf(servers.isEmpty() ? List.of("127.0.0.1") : servers, search, dots);
  }

  private static List<String> names(String name, Conf conf) {
    if (name.endsWith(".")) {
      return List.of(name);
    }
    List<String> names = new ArrayList<>();
    for (String domain : conf.search) {
      names.add(name + (domain.equals(".") ? "" : "." + domain));
    }
    boolean first = name.chars().filter(c -> c == '.').count() >= conf.dots;
    names.add(first ? 0 : names.size(), name);
    return names;
  }

  private DnsMessage ask(Conf conf, String name, int type) throws IOException {
    byte[] wire = DnsMessage.name(name);
    String failure = "";
    for (String server : conf.servers) {
      try {
        // Written as an address, which is not looked up.
        InetSocketAddress at = new InetSocketAddress(InetAddress.getByName(server), port);
        int id = random.nextInt(1 << 16);
        byte[] query = DnsMessage.query(id, true, wire, type, DnsNames.CLASS_IN);
        DnsMessage answer = overUdp(at, query, id);
        if (answer.isTruncated()) {
          answer = overTcp(at, query, id);
        }
        if (answer.rcode() == NOERROR || answer.rcode() == NXDOMAIN) {
          return answer;
        }
        failure = server + " answered " + DnsNames.rcode(answer.rcode());
      } catch (SocketTimeoutException e) {
        failure = server + " does not answer";
      } catch (IOException | DnsMessage.FormatException e) {
        failure = server + ": " + e.getMessage();
      }
    }
    throw new IOException("no server could look up " + name + ": " + failure);
  }

  private DnsMessage overUdp(InetSocketAddress server, byte[] query, int id)
      throws IOException, DnsMessage.FormatException {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(server);
      socket.send(new DatagramPacket(query, query.length));
      byte[] room = new byte[4096];
      long began = clock.nanos();
      for (int i = 0; i < MOST_STRAY; i++) {
        DatagramPacket packet = new DatagramPacket(room, room.length);
        socket.setSoTimeout(left(began));
        socket.receive(packet);
        byte[] message = Arrays.copyOf(room, packet.getLength());
        if (isAnswer(message, query, id)) {
          return DnsMessage.parse(message);
        }
      }
      throw new IOException("nothing but answers to other questions");
    }
  }

  private DnsMessage overTcp(InetSocketAddress server, byte[] query, int id)
      throws IOException, DnsMessage.FormatException {
    try (Socket socket = new Socket()) {
      long began = clock.nanos();
      socket.connect(server, patienceMillis);
      OutputStream out = socket.getOutputStream();
      byte[] framed = new byte[query.length + 2];
      framed[0] = (byte) (query.length >>> 8);
      framed[1] = (byte) query.length;
      System.arraycopy(query, 0, framed, 2, query.length);
      out.write(framed);
      out.flush();
      byte[] length = read(socket, 2, began);
      byte[] message = read(socket, (length[0] & 0xff) << 8 | length[1] & 0xff, began);
      if (!isAnswer(message, query, id)) {
        throw new IOException("the answer is to another question");
      }
      return DnsMessage.parse(message);
    }
  }

  /** So many bytes, before the time is over: a server may send one now and then. */
  private byte[] read(Socket socket, int length, long began) throws IOException {
    byte[] bytes = new byte[length];
    for (int at = 0; at < length; ) {
      socket.setSoTimeout(left(began));
      int read = socket.getInputStream().read(bytes, at, length - at);
      if (read < 0) {
        throw new EOFException("the answer ends early");
      }
      at += read;
    }
    return bytes;
  }

  private int left(long began) throws SocketTimeoutException {
    long left = patienceMillis - (clock.nanos() - began) / 1_000_000;
    if (left <= 0) {
      throw new SocketTimeoutException();
    }
    return (int) left;
  }

  /** The same id and question: anybody can send datagrams. */
  private static boolean isAnswer(byte[] message, byte[] query, int id) {
    int header = 12;
    if (DnsMessage.idOf(message) != id || message.length < query.length || message[2] >= 0) {
      return false;
    }
    for (int i = header; i < query.length; i++) {
      if (lower(message[i]) != lower(query[i])) {
        return false;
      }
    }
    return true;
  }

  private static int lower(byte b) {
    return b >= 'A' && b <= 'Z' ? b + 32 : b;
  }
}
