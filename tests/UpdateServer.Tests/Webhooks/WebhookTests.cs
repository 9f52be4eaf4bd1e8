using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Fota.Interop.Posix;
using Fota.TestKit;
using Fota.UpdateServer.Configuration;
using Fota.UpdateServer.Storage;
using Fota.UpdateServer.Tests.Storage;
using Fota.UpdateServer.Tests.Support;
using Fota.UpdateServer.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fota.UpdateServer.Tests.Webhooks;

/// <summary>Messages on their way to who wants them (docs/spec/webhooks.md).</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class WebhookTests : IDisposable
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fota-webhooks-");
    private readonly SqliteStores _stores = new();
    private readonly ManualClock _clock = new(SampleFleet.Noon.AddMinutes(1));

    private string SecretFile => Path.Combine(_folder.FullName, "secret");

    [SetUp]
    public async Task Open()
    {
        await _stores.OpenAsync();
        WriteSecret(Secret);
    }

    public void Dispose()
    {
        _stores.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>The vector of the convention's own libraries.</summary>
    [Test]
    [Proves("D-11")]
    public void The_signature_is_that_of_the_convention() => Assert.That(
        WebhookSecret.Sign(WebhookSecret.Read(SecretFile), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, """{"test": 2432232314}"""u8), Is.EqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));

    [Test]
    [Proves("D-1", "D-10", "D-11", "D-14")]
    public async Task What_happens_at_a_server_is_told_with_a_signature_and_the_newest_secret_counts_at_once()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        await using ServerUnderTest server = await ServerUnderTest.StartAsync();
        await server.RestartAsync(change: s => s with { Webhooks = [Settings(receiver.Address, "device.*")] });
        SimulatedDevice pump = new(server, "pump-0001");
        await pump.CheckInAsync();
        (IHeaderDictionary headers, byte[] body) = await receiver.NextAsync();
        JsonElement told = JsonSerializer.Deserialize<JsonElement>(body);
        Assert.That((told.GetProperty("type").GetString(), told.GetProperty("data").GetProperty("actor").GetString(), told.GetProperty("data").GetProperty("facts").GetProperty("state").GetString()), Is.EqualTo(("device.reported", "pump-0001", "idle")));
        Assert.That(headers["webhook-signature"].ToString(), Is.EqualTo(Signature(headers, body, Secret)));
        Assert.That(headers["webhook-timestamp"].ToString(), Is.EqualTo(server.Clock.Now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture)));

        string next = "whsec_" + Convert.ToBase64String(new byte[32]);
        WriteSecret($"{Secret}\n{next}");
        await pump.CheckInAsync(Manifest.Reports.ReportState.Failed, "r9-pump-0001");
        (headers, body) = await receiver.NextAsync();
        Assert.That(headers["webhook-signature"].ToString(), Is.EqualTo($"{Signature(headers, body, Secret)} {Signature(headers, body, next)}"));
        JsonElement shown = (await server.GetAsync("/api/v1/webhooks"))[0];
        Assert.That((shown.GetProperty("name").GetString(), shown.GetProperty("host").GetString(), shown.ToString().Contains("token=x", StringComparison.Ordinal)), Is.EqualTo(("on-call", receiver.Address.Authority, false)));
    }

    [Test]
    [Proves("D-11", "D-13")]
    public async Task A_message_that_is_not_taken_comes_again_as_the_same_one_ever_later_and_is_given_up_at_last()
    {
        ScriptedReceiver receiver = new() { Status = 500 };
        WebhookQueue sender = Queue(receiver);
        Report("pump-1");
        for (int attempt = 1; attempt <= WebhookSchedule.Attempts; attempt++)
        {
            Assert.That(await sender.SendDueAsync(default), Is.EqualTo(1), $"attempt {attempt}");
            Assert.That(await sender.SendDueAsync(default), Is.Zero, "not yet");
            _clock.Now = WebhookSchedule.Next(attempt, _clock.Now) ?? _clock.Now.AddDays(2);
        }

        Assert.That(await sender.SendDueAsync(default), Is.Zero);
        Assert.That((receiver.Ids.Distinct(StringComparer.Ordinal).Count(), receiver.Ids.Count, receiver.Bodies.Distinct(StringComparer.Ordinal).Count()), Is.EqualTo((1, 11, 1)));
        Assert.That((_stores.Webhooks.GivenUp(10).Single().Attempts, _stores.Webhooks.GivenUp(10).Single().Problem), Is.EqualTo((11, "wanted a status of 200 to 299, got 500")));
    }

    [Test]
    [Proves("D-13")]
    public async Task A_redirect_is_not_followed_and_counts_as_a_failure()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = context =>
        {
            context.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        };
        using WebhookClient client = new(Settings(receiver.Address, "*"), _clock);
        Assert.That((await client.SendAsync(new WebhookBody("msg_1", [1]), default)).Problem, Is.EqualTo("wanted a status of 200 to 299, got 302"));
        _ = await receiver.NextAsync();
        receiver.Answer = static _ => Task.CompletedTask;
        Assert.That((await client.SendAsync(new WebhookBody("msg_2", [1]), default)).Problem, Is.Null);
        Assert.That((await receiver.NextAsync()).Headers["webhook-id"].ToString(), Is.EqualTo("msg_2"), "nothing came in between");
    }

    [Test]
    [Proves("D-13")]
    public async Task A07_A_receiver_that_never_answers_costs_ten_seconds()
    {
        using WebhookClient client = new(Settings(new Uri("https://pager.example"), "*"), new JumpingClock(), new ScriptedReceiver { Hangs = true });
        Assert.That((await client.SendAsync(new WebhookBody("msg_1", [1]), default)).Problem, Is.EqualTo("wanted an answer within 10 s, got none"));
    }

    [Test]
    [Proves("D-13")]
    public async Task A_receiver_that_is_not_there_is_tried_again()
    {
        WebhookQueue sender = Queue(new ScriptedReceiver { Status = 0 });
        Report("pump-1");
        Assert.That(await sender.SendDueAsync(default), Is.EqualTo(1));
        Assert.That(_stores.Webhooks.Backlogs().Single().Problem, Does.StartWith("it was not reached"));
    }

    /// <summary>The dead one is asked by a clock that stands: it takes for ever, and whoever waits for it does so as well.</summary>
    [Test]
    [Proves("D-16")]
    public async Task A07_A_receiver_that_never_answers_keeps_nobody_else_waiting()
    {
        ScriptedReceiver alive = new();
        WebhookSettings[] settings = [Settings(new Uri("https://dead.example"), "*") with { Name = "dead" }, Settings(new Uri("https://pager.example"), "*")];
        using WebhookReceivers receivers = new("one", settings, s => s.Name == "dead" ? new WebhookClient(s, new StandingClock(), new ScriptedReceiver { Hangs = true }) : new WebhookClient(s, _clock, alive));
        _stores.Webhooks.Configure("one", receivers.Subscriptions, _clock.Now);
        for (int device = 0; device < 20; device++)
        {
            Report($"pump-{device}");
        }

        using WebhookSender sender = new(_stores.Webhooks, receivers, _clock, NullLogger<WebhookSender>.Instance);
        await sender.StartAsync(default);
        for (int told = 0; told < 20; told++)
        {
            Assert.That(await alive.Told.WaitAsync(TimeSpan.FromMinutes(1)), $"{told} of 20 were told");
        }

        await sender.StopAsync(default);
    }

    /// <summary>As an older program does at its start.</summary>
    [Test]
    [Proves("D-15")]
    public async Task P8_Whom_a_server_tells_is_said_again_a_minute_after_it_was_taken_away()
    {
        using WebhookReceivers receivers = new("one", [Settings(new Uri("https://pager.example"), "*")], s => new WebhookClient(s, new StandingClock(), new ScriptedReceiver { Hangs = true }));
        _stores.Webhooks.Configure("one", receivers.Subscriptions, _clock.Now);
        _stores.Ask("DELETE FROM webhook_events");
        HeardStore heard = new(_stores.Webhooks);
        using WebhookSender sender = new(heard, receivers, new HastyClock(), NullLogger<WebhookSender>.Instance);
        await sender.StartAsync(default);
        Assert.That(await heard.Said.WaitAsync(TimeSpan.FromMinutes(1)));
        Report("pump-1");
        Assert.That(_stores.Webhooks.Backlogs().Single() is { Hook: "on-call", Waiting: 1 });
        await sender.StopAsync(default);
    }

    [Test]
    [Proves("D-16")]
    public async Task A_receiver_that_was_not_reached_is_left_alone_for_a_minute_and_one_message_finds_out_whether_it_is_back()
    {
        ScriptedReceiver receiver = new() { Status = 0 };
        WebhookQueue queue = Queue(receiver);
        Report("pump-1");
        Report("pump-2");
        Report("pump-3");
        Assert.That(await queue.SendDueAsync(default), Is.EqualTo(3));
        _clock.Now += TimeSpan.FromSeconds(30);
        Assert.That(await queue.SendDueAsync(default), Is.Zero, "all of them are due, and it is left alone");
        _clock.Now += TimeSpan.FromSeconds(30);
        Assert.That(await queue.SendDueAsync(default), Is.EqualTo(1), "one finds out");
        Assert.That(receiver.Ids, Has.Count.EqualTo(4), "the others keep their attempts");
        receiver.Status = 200;
        _clock.Now += TimeSpan.FromMinutes(1);
        Assert.That((await queue.SendDueAsync(default), await queue.SendDueAsync(default)), Is.EqualTo((1, 2)));
        Assert.That(_stores.Webhooks.Backlogs(), Is.Empty);
    }

    [Test]
    [Proves("D-15")]
    public async Task What_is_decided_at_the_start_is_told_already_and_nothing_is_sent_by_a_server_that_pauses_rollouts()
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync();
        PublicationSource source = new();
        source.Add(SampleRelease.Create());
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(source);
        using HttpResponseMessage published = await server.PublishAsync();
        await ServerUnderTest.ReadAsync(published, System.Net.HttpStatusCode.OK);
        await new SimulatedDevice(server, "pump-0001").CheckInAsync();
        JsonElement draft = await server.PostAsync("/api/v1/rollouts", new { product = "infusion-pump", version = "1.1.0", stages = new[] { new { name = "all" } }, abort_after_failures = 1 }, System.Net.HttpStatusCode.Created);
        await server.PostAsync($"/api/v1/rollouts/{draft.GetProperty("id").GetString()}/start");
        await server.RestartAsync(change: s => s with { PauseRollouts = true, Webhooks = [Settings(receiver.Address, "rollout.*")] });
        Assert.That((await server.GetAsync("/api/v1/webhooks"))[0].GetProperty("waiting").GetInt64(), Is.EqualTo(1));
        await server.RestartAsync(change: s => s with { Webhooks = [Settings(receiver.Address, "rollout.*")] });
        Assert.That(JsonSerializer.Deserialize<JsonElement>((await receiver.NextAsync()).Body).GetProperty("type").GetString(), Is.EqualTo("rollout.paused"));
    }

    [TestCase(true, null)]
    [TestCase(false, "it was not reached (SecureConnectionError")]
    [Proves("D-1")]
    public async Task A_receiver_is_known_by_its_own_authorities_and_by_no_other(bool own, string? problem)
    {
        TestCa authority = new("Pager CA"), other = new("Another CA");
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 certificate = authority.Issue("CN=127.0.0.1", key, TestCa.ServerAuthentication);
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(certificate);
        string file = Path.Combine(_folder.FullName, "authorities.pem");
        await File.WriteAllTextAsync(file, (own ? authority : other).Certificate.ExportCertificatePem());
        using WebhookClient client = new(Settings(receiver.Address, "*") with { AuthorityFile = file }, _clock);
        WebhookAnswer answer = await client.SendAsync(new WebhookBody("msg_1", [1]), default);
        Assert.That(answer.Problem, own ? Is.Null : Does.StartWith(problem!));
        Assert.That(answer.IsReached, Is.EqualTo(own));
    }

    [TestCase("http://pager.example/x", "webhooks[0].url: wanted an https address")]
    [TestCase("ftp://127.0.0.1/x", "webhooks[0].url: wanted an https address")]
    [TestCase("https://user:secret@pager.example/", "webhooks[0].url: wanted an https address")]
    [Proves("D-1")]
    public void An_address_that_is_not_private_is_refused(string url, string message) =>
        Assert.That(() => Settings(new Uri(url), "*").Validate("webhooks[0]"), Throws.TypeOf<ConfigurationException>().With.Message.StartsWith(message));

    [TestCase("")]
    [TestCase("rollout")]
    [TestCase("*.*")]
    [TestCase("rollout.*.x")]
    [TestCase("Rollout.aborted")]
    [Proves("D-2")]
    public void An_event_that_can_never_be_is_refused(string name) =>
        Assert.That(() => Settings(new Uri("https://pager.example/"), name).Validate("webhooks[0]"), Throws.TypeOf<ConfigurationException>().With.Message.StartsWith("webhooks[0].events: wanted 1 to 64 kinds"));

    [TestCase("a secret")]
    [TestCase("whsec_AAAA")]
    [TestCase(Secret + "\n" + Secret + "\n" + Secret)]
    [Proves("D-1")]
    public void A_secret_that_is_none_stops_the_server(string secret)
    {
        WriteSecret(secret);
        Assert.That(() => new WebhookClient(Settings(new Uri("https://pager.example/"), "*"), _clock), Throws.TypeOf<PrivateFileException>().With.Message.Contains("wanted one line, or two, of whsec_"));
    }

    private static string Signature(IHeaderDictionary headers, byte[] body, string secret) =>
        "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(secret[6..]), (byte[])[.. Encoding.ASCII.GetBytes($"{headers["webhook-id"]}.{headers["webhook-timestamp"]}."), .. body]));

    private WebhookSettings Settings(Uri url, string events) => new() { Name = "on-call", Url = url, SecretFile = SecretFile, Events = [events] };

    private WebhookQueue Queue(ScriptedReceiver receiver)
    {
        _stores.Webhooks.Configure("one", [new Subscription("on-call", "*")], _clock.Now);
        return new WebhookQueue("on-call", new WebhookClient(Settings(new Uri("https://pager.example"), "*"), _clock, receiver), _stores.Webhooks, _clock, NullLogger.Instance);
    }

    private void Report(string device) => _stores.Fleet.Put(SampleFleet.Change(SampleFleet.Record(device)));

    private void WriteSecret(string text)
    {
        File.WriteAllText(SecretFile, text + "\n");
        File.SetUnixFileMode(SecretFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>Answers without a network; 0 stands for nobody there.</summary>
    private sealed class ScriptedReceiver : HttpMessageHandler
    {
        public int Status { get; set; } = 200;

        public bool Hangs { get; init; }

        public List<string> Ids { get; } = [];

        public List<string> Bodies { get; } = [];

        /// <summary>Released once for each message.</summary>
        public SemaphoreSlim Told { get; } = new(0);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (Hangs)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }

            string body = await request.Content!.ReadAsStringAsync(cancellationToken);
            lock (Ids)
            {
                Ids.Add(request.Headers.GetValues("webhook-id").Single());
                Bodies.Add(body);
            }

            Told.Release();
            return Status == 0 ? throw new HttpRequestException("nobody is there") : new HttpResponseMessage((System.Net.HttpStatusCode)Status);
        }
    }

    /// <summary>A clock whose minutes are over at once.</summary>
    private sealed class HastyClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, period == TimeSpan.FromMinutes(1) ? TimeSpan.Zero : dueTime, period);
    }

    /// <summary>A store that tells when a server has said whom it tells.</summary>
    private sealed class HeardStore(IWebhookStore inner) : IWebhookStore
    {
        public SemaphoreSlim Said { get; } = new(0);

        public void Configure(string server, IReadOnlyList<Subscription> subscriptions, DateTimeOffset now)
        {
            inner.Configure(server, subscriptions, now);
            Said.Release();
        }

        public IReadOnlyList<WebhookMessage> Claim(string hook, DateTimeOffset now, DateTimeOffset until, int most) => inner.Claim(hook, now, until, most);

        public void Delivered(WebhookMessage message) => inner.Delivered(message);

        public void Failed(WebhookMessage message, DateTimeOffset? again, string problem) => inner.Failed(message, again, problem);

        public IReadOnlyList<WebhookBacklog> Backlogs() => inner.Backlogs();

        public IReadOnlyList<WebhookMessage> GivenUp(int most) => inner.GivenUp(most);
    }

    /// <summary>A clock of which no timer ever ends.</summary>
    private sealed class StandingClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Timer(static _ => { }, null, Timeout.Infinite, Timeout.Infinite);
    }
}
