using System.Net;
using System.Security.Cryptography;
using Azure;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Fota.Manifest;
using Fota.TestKit;
using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Artifacts.Azure;
using Fota.UpdateServer.Storage;
using Microsoft.Extensions.Logging;

namespace Fota.UpdateServer.Tests.Artifacts;

/// <summary>How a storage that fails is asked, without one.</summary>
public sealed class ResilienceTests
{
    [Test]
    public void What_may_pass_is_asked_again_three_times_and_what_does_not_once([Values(0, 408, 429, 500, 503)] int passes, [Values(400, 401, 403, 409)] int stays)
    {
        int asked = 0;
        StorageResilience resilience = new(new ImpatientClock());
        Assert.That(() => resilience.Ask<int>(_ => throw Failure(passes, ref asked)), Throws.InstanceOf<StoreUnavailableException>());
        Assert.That(asked, Is.EqualTo(4));
        Assert.That(() => resilience.Ask<int>(_ => throw Failure(stays, ref asked)), Throws.InstanceOf<StoreUnavailableException>());
        Assert.That(asked, Is.EqualTo(5));
    }

    [Test]
    public void After_too_much_failed_nobody_asks_for_a_while_and_then_one_tries()
    {
        int asked = 0;
        ImpatientClock clock = new();
        StorageResilience resilience = new(clock);
        for (int i = 0; i < 2; i++)
        {
            Assert.That(() => resilience.Ask<int>(_ => throw Failure(503, ref asked)), Throws.InstanceOf<StoreUnavailableException>());
        }

        Assert.That(asked, Is.EqualTo(8));
        Assert.That(() => resilience.Ask(_ => ++asked), Throws.InstanceOf<StoreUnavailableException>(), "for anything that is asked");
        Assert.That(() => resilience.Send(_ => ++asked), Throws.InstanceOf<StoreUnavailableException>(), "or sent");
        Assert.That(asked, Is.EqualTo(8));
        clock.Pass(StorageResilience.Break + TimeSpan.FromTicks(1));
        Assert.That(resilience.Ask(_ => ++asked), Is.EqualTo(9));
        Assert.That(resilience.Send(_ => ++asked), Is.EqualTo(10));
    }

    [Test]
    public void What_says_something_of_the_content_is_handed_on_and_is_no_failure_of_the_storage()
    {
        StorageResilience resilience = new(new ImpatientClock());
        for (int i = 0; i < 20; i++)
        {
            Assert.That(() => resilience.Ask<int>(static _ => throw new RequestFailedException(404, "none", "BlobNotFound", null)), Throws.InstanceOf<RequestFailedException>());
        }

        Assert.That(resilience.Ask(static _ => 1), Is.EqualTo(1));
    }

    [Test]
    public async Task A_transfer_that_breaks_goes_on_at_the_byte_where_it_broke([Values] bool asynchronous)
    {
        byte[] content = RandomNumberGenerator.GetBytes(AzureBlobs.BlockSize + 1000);
        Sha256Digest digest = Sha256Digest.Of(content);
        using BrokenStorage storage = new(content) { BreaksAfter = 1_000_000 };
        await using Stream read = storage.Blobs().Open(digest)!;
        using MemoryStream got = new();
        if (asynchronous)
        {
            await read.CopyToAsync(got);
        }
        else
        {
            read.CopyTo(got);
        }

        Assert.That(Sha256Digest.Of(got.ToArray()), Is.EqualTo(digest));
        Assert.That(storage.Asked, Is.EqualTo(new long[] { 0, 1_000_000, 2_000_000, 3_000_000, 4_000_000, AzureBlobs.BlockSize }));
    }

    [Test]
    public void A_transfer_that_brings_nothing_is_given_up()
    {
        using BrokenStorage storage = new(new byte[5000]) { BreaksAfter = 0 };
        using Stream read = storage.Blobs().Open(Sha256Digest.Of(new byte[5000]))!;
        Assert.That(() => read.ReadExactly(new byte[5000]), Throws.InstanceOf<StoreUnavailableException>());
        Assert.That(storage.Asked, Has.Count.EqualTo(12));
    }

    [TestCase(HttpStatusCode.OK, null)]
    [TestCase(HttpStatusCode.PartialContent, "bytes 1-4999/5000")]
    [TestCase(HttpStatusCode.PartialContent, "bytes 0-4999/*")]
    [TestCase(HttpStatusCode.PartialContent, "chunks 0-4999/5000")]
    public void Bytes_that_stand_elsewhere_than_was_asked_for_are_not_taken(HttpStatusCode status, string? range)
    {
        using BrokenStorage storage = new(new byte[5000]) { BreaksAfter = int.MaxValue, Status = status, SaysRange = range };
        Assert.That(() => storage.Blobs().Open(Sha256Digest.Of("any"u8)), Throws.TypeOf<StoreUnavailableException>().With.Message.Contains("wanted bytes from 0 on, got "));
        Assert.That(async () => await storage.Blobs().OpenAsync(Sha256Digest.Of("any"u8), WantedRange.Whole, default), Throws.TypeOf<StoreUnavailableException>());
    }

    [Test]
    public void A_storage_that_hangs_is_away_before_a_device_loses_its_patience()
    {
        Assert.That(StorageResilience.Whole, Is.LessThan(TimeSpan.FromSeconds(30)));
        StorageResilience resilience = new(new OnlyAllOfItEnds());
        Assert.That(
            async () => await resilience.AskAsync<int>(
                static async stop =>
                {
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
                    return 0;
                },
                default),
            Throws.TypeOf<StoreUnavailableException>());
    }

    [Test]
    public async Task A_body_that_stands_still_ends_before_a_device_loses_its_patience()
    {
        using BrokenStorage storage = new(new byte[5000]) { BreaksAfter = 100, Hangs = true };
        OnlyAllOfItEnds clock = new() { IsOver = false };
        await using Stream read = (await storage.Blobs(clock).OpenAsync(Sha256Digest.Of(new byte[5000]), WantedRange.Whole, default))!;
        await read.ReadExactlyAsync(new byte[100]);
        clock.IsOver = true;
        Assert.That(async () => await read.ReadAsync(new byte[1]), Throws.TypeOf<StoreUnavailableException>());
    }

    [Test]
    public async Task Address_that_could_not_be_signed_for_whatever_reason_is_signed_later_and_that_is_said_once()
    {
        int asked = 0;
        JumpingClock clock = new();
        TaskCompletionSource isSigned = new();
        ReadAddresses addresses = new(
            new Uri("https://storage.example/content/"),
            (_, _, _) =>
            {
                if (++asked < 3)
                {
                    throw new InvalidOperationException("nobody foresaw this");
                }

                isSigned.TrySetResult();
                return Task.FromResult("sig=x");
            },
            TimeSpan.FromMinutes(60),
            clock);
        FirstLines log = new();
        using ReadAddressTicker ticker = new(addresses, clock, log);
        await ticker.StartAsync(default);
        await Task.WhenAny(isSigned.Task, ticker.ExecuteTask!);
        Assert.That(ticker.ExecuteTask!.IsFaulted, Is.False, "the server would end");
        await isSigned.Task;
        await ticker.StopAsync(default);
        Assert.That(log.Lines, Has.Count.EqualTo(1).And.Some.Contain("nobody foresaw this"));
    }

    private static RequestFailedException Failure(int status, ref int asked)
    {
        asked++;
        return new RequestFailedException(status, "no");
    }

    /// <summary>Waits of retries pass at once; the bounds of tries do not.</summary>
    private sealed class ImpatientClock : TimeProvider
    {
        private long _passed;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Pass(TimeSpan time) => _passed += time.Ticks;

        public override long GetTimestamp() => _passed;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(_passed);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.FromSeconds(5) ? Timeout.InfiniteTimeSpan : TimeSpan.Zero, period);
    }

    /// <summary>No time passes but that which all tries have together.</summary>
    private sealed class OnlyAllOfItEnds : TimeProvider
    {
        public bool IsOver { get; set; } = true;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, IsOver && dueTime == StorageResilience.Whole ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, period);
    }

    private sealed class FirstLines : ILogger<ReadAddressTicker>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add(formatter(state, exception));
    }

    /// <summary>A storage with one content, whose transfers break.</summary>
    private sealed class BrokenStorage(byte[] content) : HttpMessageHandler
    {
        public int BreaksAfter { get; init; }

        public List<long> Asked { get; } = [];

        public HttpStatusCode Status { get; init; } = HttpStatusCode.PartialContent;

        /// <summary>In place of the true range; null with another status for none.</summary>
        public string? SaysRange { get; init; }

        public bool Hangs { get; init; }

        public AzureBlobs Blobs(TimeProvider? clock = null)
        {
            BlobClientOptions options = new() { Transport = new HttpClientTransport(new HttpClient(this, disposeHandler: false)) };
            options.Retry.MaxRetries = 0;
            return new AzureBlobs(new BlobContainerClient(new Uri("https://storage.example/content"), options), new StorageResilience(clock ?? new ImpatientClock()));
        }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            string[] range = request.Headers.GetValues("x-ms-range").Single()["bytes=".Length..].Split('-');
            int from = int.Parse(range[0]), to = Math.Min(int.Parse(range[1]), content.Length - 1);
            Asked.Add(from);
            ByteArrayContent all = new(content, from, to - from + 1);
            StreamContent body = new(new Breaking(all.ReadAsStream(CancellationToken.None), BreaksAfter) { Hangs = Hangs });
            if (SaysRange is not null || Status == HttpStatusCode.PartialContent)
            {
                body.Headers.ContentRange = System.Net.Http.Headers.ContentRangeHeaderValue.Parse(SaysRange ?? $"bytes {from}-{to}/{content.Length}");
            }

            body.Headers.ContentLength = to - from + 1;
            return new HttpResponseMessage(Status) { Content = body, RequestMessage = request };
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(Send(request, cancellationToken));
    }

    private sealed class Breaking(Stream inner, int left) : Stream
    {
        private int _left = left;

        public bool Hangs { get; init; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (_left == 0)
            {
                throw new IOException("connection reset");
            }

            int read = inner.Read(buffer, offset, Math.Min(count, _left));
            _left -= read;
            return read;
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_left == 0 && Hangs)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            }

            byte[] bytes = new byte[buffer.Length];
            int read = Read(bytes, 0, bytes.Length);
            bytes.AsMemory(0, read).CopyTo(buffer);
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }
    }
}
