package vigie.collector.bot;

import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import net.dv8tion.jda.api.Permission;
import net.dv8tion.jda.api.entities.Guild;
import net.dv8tion.jda.api.entities.Member;
import net.dv8tion.jda.api.entities.Message.MentionType;
import net.dv8tion.jda.api.entities.channel.Channel;
import net.dv8tion.jda.api.entities.channel.concrete.ThreadChannel;
import net.dv8tion.jda.api.entities.channel.middleman.GuildMessageChannel;
import net.dv8tion.jda.api.events.guild.GuildReadyEvent;
import net.dv8tion.jda.api.events.interaction.GenericInteractionCreateEvent;
import net.dv8tion.jda.api.events.interaction.command.SlashCommandInteractionEvent;
import net.dv8tion.jda.api.events.interaction.component.ButtonInteractionEvent;
import net.dv8tion.jda.api.events.session.ReadyEvent;
import net.dv8tion.jda.api.events.session.SessionDisconnectEvent;
import net.dv8tion.jda.api.events.session.SessionRecreateEvent;
import net.dv8tion.jda.api.events.session.SessionResumeEvent;
import net.dv8tion.jda.api.events.session.ShutdownEvent;
import net.dv8tion.jda.api.hooks.ListenerAdapter;
import net.dv8tion.jda.api.interactions.InteractionHook;
import net.dv8tion.jda.api.interactions.commands.OptionMapping;
import net.dv8tion.jda.api.interactions.commands.OptionType;
import net.dv8tion.jda.api.interactions.commands.build.Commands;
import net.dv8tion.jda.api.interactions.commands.build.SlashCommandData;
import net.dv8tion.jda.api.requests.CloseCode;
import net.dv8tion.jda.api.utils.FileUpload;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.collector.notify.discord.DiscordBotConfig;

/**
 * What JDA tells, on its reading thread: acknowledged at once, since Discord gives 3 seconds, and
 * handed over. What is done does not depend on whether its answer can still be shown.
 */
final class GatewayListener extends ListenerAdapter {
  private static final Logger log = LoggerFactory.getLogger(GatewayListener.class);

  /** Their sum is what the invitation asks for. Source: Discord's permission flags. */
  private static final EnumSet<Permission> NEEDED =
      EnumSet.of(
          Permission.VIEW_CHANNEL,
          Permission.MESSAGE_SEND,
          Permission.MESSAGE_EMBED_LINKS,
          Permission.MESSAGE_ATTACH_FILES,
          Permission.MESSAGE_HISTORY,
          Permission.CREATE_PUBLIC_THREADS,
          Permission.MESSAGE_SEND_IN_THREADS);

  private final Gateway gateway;

  GatewayListener(Gateway gateway) {
    this.gateway = gateway;
  }

  @Override
  public void onReady(ReadyEvent event) {
    gateway.up();
    for (DiscordBotConfig place : gateway.places()) {
      if (event.getJDA().getGuildById(place.guild()) == null) {
        log.error(
            "bot is not a member of the server: invite it with the scopes bot and"
                + " applications.commands guild={}",
            place.guild());
      }
    }
  }

  @Override
  public void onSessionDisconnect(SessionDisconnectEvent event) {
    gateway.down("the gateway's connection was lost");
  }

  @Override
  public void onSessionResume(SessionResumeEvent event) {
    gateway.up();
  }

  @Override
  public void onSessionRecreate(SessionRecreateEvent event) {
    gateway.up();
  }

  @Override
  public void onShutdown(ShutdownEvent event) {
    // Others come with our own stop, or with a start that failed and is tried again.
    CloseCode code = event.getCloseCode();
    if (code != null && !code.isReconnect()) {
      gateway.ended(event.getCode());
    }
  }

  @Override
  public void onGuildReady(GuildReadyEvent event) {
    Guild guild = event.getGuild();
    List<DiscordBotConfig> here =
        gateway.places().stream().filter(place -> place.guild().equals(guild.getId())).toList();
    if (here.isEmpty()) {
      return;
    }
    here.forEach(place -> checkPermissions(guild, place));
    guild
        .updateCommands()
        .addCommands(commands())
        .queue(
            done -> log.debug("slash commands are there guild={}", guild.getId()),
            failure ->
                log.warn(
                    "slash commands cannot be set; was the bot invited with the scope"
                        + " applications.commands? guild={} cause={}",
                    guild.getId(),
                    failure.getClass().getSimpleName()));
  }

  private static void checkPermissions(Guild guild, DiscordBotConfig place) {
    GuildMessageChannel channel = guild.getChannelById(GuildMessageChannel.class, place.channel());
    if (channel == null) {
      log.error(
          "bot does not see its channel: it is gone, or View Channel is missing guild={} channel={}",
          place.guild(),
          place.channel());
      return;
    }
    EnumSet<Permission> missing = EnumSet.copyOf(NEEDED);
    missing.removeAll(guild.getSelfMember().getPermissions(channel));
    if (!missing.isEmpty()) {
      log.error(
          "bot lacks permissions in its channel guild={} channel={} missing=\"{}\"",
          place.guild(),
          place.channel(),
          String.join(", ", missing.stream().map(Permission::getName).toList()));
    }
  }

  private List<SlashCommandData> commands() {
    Words words = gateway.bot().words();
    return List.of(
        Commands.slash("alerts", words.of("What fires and what is pending")),
        Commands.slash("nodes", words.of("All nodes, those that are missed first")),
        Commands.slash("events", words.of("The newest events"))
            .addOption(OptionType.STRING, "node", words.of("of this node"))
            .addOption(OptionType.STRING, "search", words.of("words that the text holds"))
            .addOption(OptionType.STRING, "range", words.of("how far back, such as 2h")),
        Commands.slash("graph", words.of("Draw an expression"))
            .addOption(OptionType.STRING, "expr", words.of("PromQL, such as node_load1"), true)
            .addOption(OptionType.STRING, "range", words.of("how far back, such as 6h")),
        Commands.slash("ack", words.of("Take firing alerts on"))
            .addOption(
                OptionType.STRING,
                "alert",
                words.of("its name, or its id as /alerts shows it"),
                true)
            .addOption(OptionType.STRING, "note", words.of("what you are doing about it")),
        Commands.slash("silence", words.of("Hold alerts back for a time"))
            .addOption(
                OptionType.STRING,
                "matchers",
                words.of("such as alertname=ProbeDown, node=p1"),
                true)
            .addOption(OptionType.STRING, "for", words.of("how long, such as 2h; 1h if left out"))
            .addOption(OptionType.STRING, "reason", words.of("why")));
  }

  @Override
  public void onButtonInteraction(ButtonInteractionEvent event) {
    Asked asked = asked(event, true, event.getComponentId(), Map.of(), event.getMessageId());
    hand(asked, () -> event.deferEdit().submit(), event::getHook, true);
  }

  @Override
  public void onSlashCommandInteraction(SlashCommandInteractionEvent event) {
    Map<String, String> options = new HashMap<>();
    for (OptionMapping option : event.getOptions()) {
      options.put(option.getName(), option.getAsString());
    }
    hand(
        asked(event, false, event.getName(), options, ""),
        () -> event.deferReply(true).submit(),
        event::getHook,
        false);
  }

  private static Asked asked(
      GenericInteractionCreateEvent event,
      boolean button,
      String name,
      Map<String, String> options,
      String message) {
    Member member = event.getMember();
    Guild guild = event.getGuild();
    Channel channel = event.getChannel();
    String place =
        channel == null
            ? ""
            : channel instanceof ThreadChannel thread
                ? thread.getParentChannel().getId()
                : channel.getId();
    Set<String> roles = new HashSet<>();
    if (member != null) {
      member.getRoles().forEach(role -> roles.add(role.getId()));
    }
    return new Asked(
        event.getId(),
        button,
        name,
        options,
        guild == null || member == null ? "" : guild.getId(),
        place,
        message,
        event.getUser().getId(),
        event.getUser().getName(),
        roles);
  }

  /** Acknowledges first, then has it done, and shows what came of it to the member alone. */
  private void hand(
      Asked asked,
      Supplier<CompletableFuture<InteractionHook>> acknowledge,
      Supplier<InteractionHook> hook,
      boolean button) {
    if (!gateway.bot().take(asked)) {
      return;
    }
    CompletableFuture<InteractionHook> acknowledged;
    try {
      acknowledged = acknowledge.get();
    } catch (RuntimeException impossible) {
      acknowledged = CompletableFuture.failedFuture(impossible);
    }
    CompletableFuture<InteractionHook> shown = acknowledged;
    try {
      gateway
          .answering()
          .execute(
              () -> {
                Reply reply = answer(asked);
                shown.whenComplete((h, failure) -> show(asked, h, failure, reply, button));
              });
    } catch (RejectedExecutionException full) {
      Reply busy =
          Reply.of(gateway.bot().words().of("The collector is busy: nothing was done. Try again."));
      shown.whenComplete((h, failure) -> show(asked, h, failure, busy, button));
    }
  }

  private Reply answer(Asked asked) {
    try {
      return gateway.bot().answer(asked, gateway.places());
    } catch (RuntimeException bug) {
      log.error("bot action failed action={} member={}", asked.name(), asked.member(), bug);
      return Reply.of(
          gateway.bot().words().of("The collector failed at this; its log has the reason."));
    }
  }

  private static void show(
      Asked asked,
      @Nullable InteractionHook hook,
      @Nullable Throwable failure,
      Reply reply,
      boolean button) {
    if (hook == null) {
      lost(asked, failure);
      return;
    }
    EnumSet<MentionType> nobody = EnumSet.noneOf(MentionType.class);
    List<FileUpload> files =
        reply.picture() == null
            ? List.of()
            : List.of(FileUpload.fromData(reply.picture(), "graph.png"));
    if (button) {
      hook.sendMessage(reply.text())
          .setEphemeral(true)
          .setAllowedMentions(nobody)
          .setFiles(files)
          .queue(shown -> {}, late -> lost(asked, late));
    } else {
      hook.editOriginal(reply.text())
          .setAllowedMentions(nobody)
          .setFiles(files)
          .queue(shown -> {}, late -> lost(asked, late));
    }
  }

  /** Only the kind of failure: messages may hold the interaction's token. */
  private static void lost(Asked asked, @Nullable Throwable failure) {
    log.warn(
        "bot's answer could not be shown, what was asked is done all the same member={}"
            + " interaction={} cause={}",
        asked.member(),
        asked.id(),
        failure == null ? "" : failure.getClass().getSimpleName());
  }
}
