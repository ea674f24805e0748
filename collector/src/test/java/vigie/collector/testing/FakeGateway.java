package vigie.collector.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import vigie.base.net.Ports;

/**
 * Discord's gateway on loopback for the bot of a {@link FakeBotRest}: HELLO, IDENTIFY, READY,
 * GUILD_CREATE, heartbeats, RESUME, ops 7 and 9, close codes, clicks and slash commands. Written
 * from Discord's gateway documentation, version 10. Safe for all threads.
 */
public final class FakeGateway implements AutoCloseable {
  /** May do everything in {@link #OPERATOR_ROLE}'s name. */
  public static final String OPERATOR_ROLE = "500";

  private static final String BOT_ROLE = "501";

  /** What the bot needs in its channel. */
  private static final long PERMISSIONS = 309237763072L;

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final int HEARTBEAT_MILLIS = 1_000;

  /** One life of a client, which RESUME takes up again. */
  private static final class Session {
    private final String id;
    private final List<ObjectNode> events = new ArrayList<>();

    Session(String id) {
      this.id = id;
    }
  }

  private final FakeBotRest rest;
  private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Map<String, Session> sessions = new HashMap<>();
  private final List<String> violations = new ArrayList<>();
  private final int port;
  private @Nullable Channel listening;
  private @Nullable Socket holding;
  private @Nullable Channel client;
  private @Nullable Session current;
  private long permissions = PERMISSIONS;
  private int refuseHandshakes;
  private int connects;
  private int identifies;
  private int resumes;
  private int heartbeats;
  private boolean deaf;
  private boolean fatal;
  private @Nullable List<JsonNode> gathered;

  public FakeGateway(FakeBotRest rest) {
    this.rest = rest;
    Channel first = listen(Ports.free());
    this.listening = first;
    this.port = ((InetSocketAddress) first.localAddress()).getPort();
  }

  private Channel listen(int at) {
    return new ServerBootstrap()
        .group(loop)
        .channel(NioServerSocketChannel.class)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                if (connecting()) {
                  channel.close();
                  return;
                }
                channel
                    .pipeline()
                    .addLast(new HttpServerCodec())
                    .addLast(new HttpObjectAggregator(65_536))
                    .addLast(
                        new WebSocketServerProtocolHandler("/", null, false, 65_536, false, true))
                    .addLast(new Talk());
              }
            })
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), at))
        .syncUninterruptibly()
        .channel();
  }

  private synchronized boolean connecting() {
    connects++;
    return refuseHandshakes-- > 0;
  }

  /** What a bot would be configured with. */
  public String url() {
    return "ws://127.0.0.1:" + port;
  }

  /** How many connections were begun, those that were refused by {@link #away} not counted. */
  public synchronized int connects() {
    return connects;
  }

  public synchronized int identifies() {
    return identifies;
  }

  public synchronized int resumes() {
    return resumes;
  }

  public synchronized int heartbeats() {
    return heartbeats;
  }

  /** What a well-behaved client never does. */
  public synchronized List<String> violations() {
    return List.copyOf(violations);
  }

  /** Whether a client has identified itself or resumed, and is connected. */
  public synchronized boolean isConnected() {
    return client != null && client.isActive() && current != null;
  }

  /** What the bot's role may do from the next GUILD_CREATE on. */
  public synchronized void permissions(long bits) {
    permissions = bits;
  }

  /** The next connections end before the handshake. */
  public synchronized void refuseHandshakes(int times) {
    refuseHandshakes = times;
  }

  /** Answers no heartbeats, or does again. */
  public synchronized void deaf(boolean on) {
    deaf = on;
  }

  /** From now on the token is refused with close code 4004. */
  public synchronized void refuseToken(boolean on) {
    fatal = on;
  }

  /** Cuts the connection; the session can be resumed. */
  public synchronized void drop() {
    if (client != null) {
      client.close();
    }
  }

  /** Forgets all sessions: a RESUME is answered with op 9. */
  public synchronized void forgetSessions() {
    sessions.clear();
  }

  /** Closes with a code of Discord's. */
  public synchronized void close(int code) {
    if (client != null) {
      client.writeAndFlush(new CloseWebSocketFrame(code, "as asked for"));
    }
  }

  /** Op 7: asks the client to reconnect and resume. */
  public synchronized void askToReconnect() {
    send(MAPPER.createObjectNode().put("op", 7).putNull("d"));
  }

  /** Op 9: the session is over, and can be resumed or not. */
  public synchronized void invalidate(boolean resumable) {
    if (!resumable) {
      sessions.clear();
    }
    send(MAPPER.createObjectNode().put("op", 9).put("d", resumable));
  }

  /** Refuses connections; the port stays ours. */
  public void away() {
    Channel was;
    synchronized (this) {
      was = listening;
      listening = null;
    }
    if (was != null) {
      // Not under the lock: the event loop that closes it may wait for that in connecting().
      was.close().syncUninterruptibly();
      drop();
      // The kernel has the socket back when its event loop looks the next time.
      Awaitility.await().atMost(Duration.ofMinutes(1)).ignoreExceptions().until(this::hold);
    }
  }

  private boolean hold() throws IOException {
    Socket held = new Socket();
    held.setReuseAddress(true);
    try {
      held.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    } catch (IOException e) {
      held.close();
      throw e;
    }
    synchronized (this) {
      holding = held;
    }
    return true;
  }

  /** Listens again. */
  public synchronized void back() {
    try {
      if (holding != null) {
        holding.close();
        holding = null;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot release port " + port, e);
    }
    if (listening == null) {
      listening = listen(port);
    }
  }

  /** A member with these roles presses a button of a message; gives the interaction's id. */
  public String press(FakeDiscord.Message message, String customId, String user, String... roles) {
    ObjectNode event = interaction(3, user, roles);
    event.putObject("data").put("custom_id", customId).put("component_type", 2).put("id", 1);
    event.set("message", message.body());
    dispatch("INTERACTION_CREATE", event);
    return event.path("id").asText();
  }

  /** A member with these roles gives a slash command; options are names and values in turn. */
  public String slash(String command, List<String> options, String user, String... roles) {
    ObjectNode event = interaction(2, user, roles);
    ObjectNode data = event.putObject("data").put("id", "901").put("name", command).put("type", 1);
    data.put("guild_id", FakeBotRest.GUILD);
    for (int i = 0; i < options.size(); i += 2) {
      data.withArrayProperty("options")
          .addObject()
          .put("name", options.get(i))
          .put("type", 3)
          .put("value", options.get(i + 1));
    }
    dispatch("INTERACTION_CREATE", event);
    return event.path("id").asText();
  }

  /** Delivers an event of the current session again, as a gateway may after a resume. */
  public synchronized void again(String interaction) {
    if (current != null) {
      for (ObjectNode event : List.copyOf(current.events)) {
        if (event.path("d").path("id").asText().equals(interaction)) {
          dispatch("INTERACTION_CREATE", event.path("d").deepCopy());
        }
      }
    }
  }

  /** Keeps interactions from now on, until {@link #deliverBackwards}. */
  public synchronized void gather() {
    gathered = new ArrayList<>();
  }

  /** Delivers what was kept, the last one first: a gateway promises no order. */
  public synchronized void deliverBackwards() {
    List<JsonNode> kept = gathered == null ? List.of() : gathered;
    gathered = null;
    for (int i = kept.size() - 1; i >= 0; i--) {
      dispatch("INTERACTION_CREATE", kept.get(i));
    }
  }

  private ObjectNode interaction(int type, String user, String... roles) {
    FakeBotRest.Interaction begun = rest.begin();
    ObjectNode event = MAPPER.createObjectNode();
    event.put("id", begun.id()).put("type", type).put("token", begun.token()).put("version", 1);
    event.put("application_id", FakeBotRest.APPLICATION).put("guild_id", FakeBotRest.GUILD);
    event.put("channel_id", FakeBotRest.CHANNEL).put("context", 0).put("locale", "en-GB");
    event.put("app_permissions", String.valueOf(PERMISSIONS)).putArray("entitlements");
    event.putObject("authorizing_integration_owners").put("0", FakeBotRest.GUILD);
    event.putObject("guild").put("id", FakeBotRest.GUILD).put("locale", "en-GB");
    event.set("channel", channel());
    event.set("member", member(user, "member-" + user, List.of(roles)).put("permissions", "1024"));
    return event;
  }

  /** Sends an event, or keeps it for the RESUME of a client that is away. */
  public synchronized void dispatch(String type, JsonNode data) {
    if (gathered != null) {
      gathered.add(data);
      return;
    }
    if (current == null) {
      return;
    }
    ObjectNode event = MAPPER.createObjectNode().put("op", 0).put("t", type);
    event.put("s", current.events.size() + 1).set("d", data);
    current.events.add(event);
    send(event);
  }

  private synchronized void send(JsonNode message) {
    if (client != null && client.isActive()) {
      client.writeAndFlush(new TextWebSocketFrame(message.toString()));
    }
  }

  private synchronized void opened(Channel channel) {
    client = channel;
    ObjectNode hello = MAPPER.createObjectNode().put("op", 10);
    hello.putObject("d").put("heartbeat_interval", HEARTBEAT_MILLIS);
    send(hello);
  }

  private synchronized void heard(Channel channel, JsonNode message) {
    if (channel != client) {
      return;
    }
    JsonNode data = message.path("d");
    switch (message.path("op").asInt(-1)) {
      case 1 -> {
        heartbeats++;
        if (!deaf) {
          send(MAPPER.createObjectNode().put("op", 11));
        }
      }
      case 2 -> identify(data);
      case 6 -> resume(data);
      default -> violations.add("unexpected " + message.path("op"));
    }
  }

  private void identify(JsonNode data) {
    identifies++;
    if (fatal || !data.path("token").asText().equals(rest.token())) {
      close(4004);
      return;
    }
    if (data.path("intents").asInt(-1) != 1) {
      violations.add("intents " + data.path("intents"));
    }
    Session session = new Session("session-" + identifies);
    sessions.put(session.id, session);
    current = session;
    ObjectNode ready = MAPPER.createObjectNode().put("v", 10).put("session_id", session.id);
    ready.put("resume_gateway_url", url()).put("session_type", "normal");
    ready.set("user", FakeBotRest.self());
    ready.putArray("guilds").addObject().put("id", FakeBotRest.GUILD).put("unavailable", true);
    ready.putArray("private_channels");
    ready.putArray("shard").add(0).add(1);
    ready.putObject("application").put("id", FakeBotRest.APPLICATION).put("flags", 0);
    dispatch("READY", ready);
    dispatch("GUILD_CREATE", guild());
  }

  private void resume(JsonNode data) {
    resumes++;
    Session session = sessions.get(data.path("session_id").asText());
    if (fatal || !data.path("token").asText().equals(rest.token())) {
      close(4004);
      return;
    }
    if (session == null) {
      send(MAPPER.createObjectNode().put("op", 9).put("d", false));
      return;
    }
    current = session;
    int seen = data.path("seq").asInt();
    for (ObjectNode event : session.events.subList(seen, session.events.size())) {
      send(event);
    }
    dispatch("RESUMED", MAPPER.createObjectNode());
  }

  private ObjectNode guild() {
    ObjectNode guild = MAPPER.createObjectNode().put("id", FakeBotRest.GUILD).put("name", "lab");
    guild.put("owner_id", "1").put("afk_timeout", 300).put("member_count", 2);
    guild.put("preferred_locale", "en-GB").put("verification_level", 0).put("nsfw_level", 0);
    guild.put("mfa_level", 0).put("explicit_content_filter", 0).put("premium_tier", 0);
    guild.put("default_message_notifications", 0).put("system_channel_flags", 0);
    guild.putArray("roles");
    role(guild, FakeBotRest.GUILD, "@everyone", 0, 0);
    role(guild, OPERATOR_ROLE, "operators", 1, 0);
    role(guild, BOT_ROLE, "vigie", 2, permissions);
    guild.putArray("channels").add(channel());
    guild.putArray("members").add(member(FakeBotRest.APPLICATION, "vigie", List.of(BOT_ROLE)));
    for (String list :
        List.of(
            "threads",
            "guild_scheduled_events",
            "emojis",
            "stickers",
            "voice_states",
            "presences",
            "features",
            "stage_instances",
            "soundboard_sounds")) {
      guild.putArray(list);
    }
    return guild;
  }

  private static void role(ObjectNode guild, String id, String name, int position, long bits) {
    ObjectNode role = guild.withArrayProperty("roles").addObject().put("id", id).put("name", name);
    role.put("position", position).put("permissions", String.valueOf(bits)).put("color", 0);
    role.put("hoist", false).put("managed", false).put("mentionable", true).put("flags", 0);
    role.putObject("colors")
        .put("primary_color", 0)
        .putNull("secondary_color")
        .putNull("tertiary_color");
  }

  private static ObjectNode channel() {
    ObjectNode channel = MAPPER.createObjectNode().put("id", FakeBotRest.CHANNEL).put("type", 0);
    channel.put("guild_id", FakeBotRest.GUILD).put("name", "alerts").put("position", 0);
    channel.putArray("permission_overwrites");
    return channel.put("permissions", String.valueOf(PERMISSIONS));
  }

  private static ObjectNode member(String user, String name, List<String> roles) {
    ObjectNode member = MAPPER.createObjectNode().put("joined_at", "2024-01-01T00:00:00+00:00");
    ObjectNode who = member.putObject("user").put("id", user).put("username", name);
    who.put("discriminator", "0").put("global_name", name).putNull("avatar");
    who.put("bot", user.equals(FakeBotRest.APPLICATION));
    roles.forEach(member.putArray("roles")::add);
    return member.put("deaf", false).put("mute", false).put("flags", 0);
  }

  @Override
  public void close() throws IOException {
    synchronized (this) {
      if (listening != null) {
        listening.close();
      }
      if (holding != null) {
        holding.close();
      }
      drop();
    }
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(5_000);
  }

  /** One connection. */
  private final class Talk extends SimpleChannelInboundHandler<TextWebSocketFrame> {
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
      if (event instanceof WebSocketServerProtocolHandler.HandshakeComplete) {
        opened(context.channel());
      }
      super.userEventTriggered(context, event);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, TextWebSocketFrame frame)
        throws IOException {
      heard(context.channel(), MAPPER.readTree(frame.text()));
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
      context.close();
    }
  }
}
