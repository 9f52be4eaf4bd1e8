using System.Net;
using Fota.DeviceAgent.Fetching;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>A07, by a clock that each read of the network moves on.</summary>
public sealed class SlowTransferTests
{
    [Test]
    [Proves("W-20")]
    public async Task A07_Transfer_that_only_just_keeps_moving_is_ended()
    {
        RepositoryUnavailableException e = (await Assert.ThrowsAsync<RepositoryUnavailableException>(() => RefreshAsync(bytesPerRead: 1, TimeSpan.FromSeconds(20))))!;
        Assert.That(e.Message, Is.EqualTo("GET /metadata/timestamp.json: 2 bytes in 40 s, wanted at least 512 a second"));
        Assert.That(e.IsTransient, Is.True);
    }

    [Test]
    public async Task A07_Slow_link_that_is_fast_enough_is_put_up_with() => await RefreshAsync(bytesPerRead: 64, TimeSpan.FromMilliseconds(120));

    [Test]
    public async Task A07_Slow_beginning_is_put_up_with() => await RefreshAsync(bytesPerRead: 1024, TimeSpan.FromSeconds(10));

    private static async Task RefreshAsync(int bytesPerRead, TimeSpan perRead)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("fota-slow-");
        try
        {
            Clock clock = new();
            TufRepository repository = new(clock.GetUtcNow());
            using SlowServer server = new(repository, clock, bytesPerRead, perRead);
            using HttpClient http = new(server);
            TufClient client = new(folder.FullName, http, clock);
            client.Begin(repository.TrustedRoot);
            await client.RefreshAsync(new Uri("http://repository.example/metadata/"), CancellationToken.None);
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

    private sealed class SlowServer(TufRepository repository, Clock clock, int bytesPerRead, TimeSpan perRead) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(
            repository.Files.TryGetValue(request.RequestUri!.AbsolutePath.TrimStart('/'), out byte[]? file)
                ? new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request, Content = new StreamContent(new SlowStream(file, clock, bytesPerRead, perRead)) }
                : new HttpResponseMessage(HttpStatusCode.NotFound) { RequestMessage = request });
    }

    private sealed class SlowStream(byte[] content, Clock clock, int bytesPerRead, TimeSpan perRead) : MemoryStream(content, writable: false)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            clock.Pass(perRead);
            return base.ReadAsync(buffer[..Math.Min(buffer.Length, bytesPerRead)], cancellationToken);
        }
    }
}
