using System.Net;
using Fota.DeviceAgent.Fetching;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>A07, by a clock that each read of the network moves on.</summary>
public sealed class SlowTransferTests
{
    private static readonly Uri s_metadata = new("http://repository.example/metadata/"), s_targets = new("http://repository.example/targets/");

    [Test]
    [Proves("W-20")]
    public async Task A07_Transfer_that_only_just_keeps_moving_is_ended()
    {
        RepositoryUnavailableException e = (await Assert.ThrowsAsync<RepositoryUnavailableException>(() => RefreshAsync(bytesPerRead: 1, TimeSpan.FromSeconds(20))))!;
        Assert.That(e.Message, Is.EqualTo("GET /metadata/timestamp.json: 2 bytes in 40 s, wanted at least 512 a second"));
        Assert.That(e.IsTransient, Is.True);
    }

    [Test]
    [Proves("W-20")]
    public async Task A07_Fast_beginning_does_not_excuse_what_follows()
    {
        RepositoryUnavailableException e = (await Assert.ThrowsAsync<RepositoryUnavailableException>(() =>
            RunAsync(1, TimeSpan.FromSeconds(20), fastBytes: 64 * 1024, static (client, folder) => client.DownloadAsync(s_metadata, s_targets, ["firmware"], folder, CancellationToken.None))))!;
        Assert.That(e.Message, Does.StartWith("GET /targets/").And.EndsWith("bytes in 40 s, wanted at least 512 a second"));
    }

    [Test]
    public async Task A07_Slow_link_that_is_fast_enough_is_put_up_with() => await RefreshAsync(bytesPerRead: 64, TimeSpan.FromMilliseconds(120));

    [Test]
    public async Task A07_Slow_beginning_is_put_up_with() => await RefreshAsync(bytesPerRead: 1024, TimeSpan.FromSeconds(10));

    private static Task RefreshAsync(int bytesPerRead, TimeSpan perRead) =>
        RunAsync(bytesPerRead, perRead, fastBytes: 0, static (client, _) => client.RefreshAsync(s_metadata, CancellationToken.None));

    private static async Task RunAsync(int bytesPerRead, TimeSpan perRead, int fastBytes, Func<TufClient, string, Task> use)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("fota-slow-");
        try
        {
            Clock clock = new();
            TufRepository repository = new(clock.GetUtcNow());
            repository.AddTarget(repository.Targets, "firmware", new byte[100 * 1024]);
            repository.Publish();
            using SlowServer server = new(repository, clock, bytesPerRead, perRead, fastBytes);
            using HttpClient http = new(server);
            TufClient client = new(folder.FullName, http, clock);
            client.Begin(repository.TrustedRoot);
            await use(client, Path.Combine(folder.FullName, "targets"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private sealed class Clock : TimeProvider
    {
        private TimeSpan _passed;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Pass(TimeSpan time) => _passed += time;

        public override long GetTimestamp() => _passed.Ticks;

        public override DateTimeOffset GetUtcNow() => new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    }

    private sealed class SlowServer(TufRepository repository, Clock clock, int bytesPerRead, TimeSpan perRead, int fastBytes) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(
            repository.Files.TryGetValue(request.RequestUri!.AbsolutePath.TrimStart('/'), out byte[]? file)
                ? new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request, Content = new StreamContent(new SlowStream(file, clock, bytesPerRead, perRead, fastBytes)) }
                : new HttpResponseMessage(HttpStatusCode.NotFound) { RequestMessage = request });
    }

    private sealed class SlowStream(byte[] content, Clock clock, int bytesPerRead, TimeSpan perRead, int fastBytes) : MemoryStream(content, writable: false)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position < fastBytes)
            {
                return base.ReadAsync(buffer, cancellationToken);
            }

            clock.Pass(perRead);
            return base.ReadAsync(buffer[..Math.Min(buffer.Length, bytesPerRead)], cancellationToken);
        }
    }
}
