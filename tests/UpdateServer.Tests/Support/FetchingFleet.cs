using System.Net;
using System.Net.Http.Headers;
using Fota.Manifest;
using Fota.Manifest.Reports;
using Fota.TestKit;

namespace Fota.UpdateServer.Tests.Support;

/// <summary>
/// Devices that take an update each, some at a time: they check in, fetch metadata, the manifest and a part of the pack, and report. They never give up: what was not answered goes to the
/// other server, and what the storage does not give is asked of the servers. Every fifth goes to no storage.
/// </summary>
internal sealed class FetchingFleet(ServerProcesses servers, SampleRelease release, PublicationSource source)
{
    private const int AtOnce = 44; // a few more than the cap lets, so that it is felt
    private const int WithoutStorage = 5;
    private const int PartLength = 64 * 1024;

    /// <summary>How soon a device comes again that was told nothing, or not answered.</summary>
    private static readonly TimeSpan s_again = TimeSpan.FromMilliseconds(250);

    private readonly Sha256Digest _manifest = PublicationSource.DigestOf(release);
    private readonly Dictionary<Uri, HttpClient> _anonymous = [];
    private int _begun, _failed, _fromStorage, _fromServers, _answers, _unanswered;

    public int ReadsFailed => _failed;

    public int ReadsFromStorage => _fromStorage;

    public int ReadsFromServers => _fromServers;

    public string Figures => $"check-ins answered {_answers}, not answered {_unanswered}; parts of packs from the storage {_fromStorage}, from servers {_fromServers}, failed {_failed}";

    /// <summary>
    /// Updates all. On the way something breaks, one after another: each break comes when a share of the fleet has begun, no device of the next share begins before, and the next break
    /// comes after it is mended.
    /// </summary>
    public async Task RolloutAsync(SimulatedDevice[] devices, Func<Task>[] breaks, Func<Task>[] mends)
    {
        int share = devices.Length / (breaks.Length + 1);
        TaskCompletionSource[] broken = [.. breaks.Select(static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
        int next = -1;
        Task[] workers = [.. Enumerable.Range(0, AtOnce).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < devices.Length;)
            {
                if (i / share is var passed and > 0)
                {
                    await broken[Math.Min(passed, broken.Length) - 1].Task;
                }

                Interlocked.Increment(ref _begun);
                await new Course(this, devices[i], i).RunAsync();
            }
        }))];
        Task all = Task.WhenAll(workers);
        for (int i = 0; i < breaks.Length; i++)
        {
            await WaitAsync(() => _begun >= (i + 1) * share, all);
            await breaks[i]();
            broken[i].SetResult();
            await mends[i]();
        }

        await all;
    }

    /// <summary>Done when so many reads of parts have failed.</summary>
    public Task HasFailedAsync(int reads) => WaitAsync(() => _failed >= reads, Task.Delay(TimeSpan.FromMinutes(2)));

    private static async Task WaitAsync(Func<bool> isSo, Task atMost)
    {
        while (!isSo())
        {
            Assert.That(atMost.IsCompleted, Is.False, $"it never comes ({atMost.Exception})");
            await Task.Delay(TimeSpan.FromMilliseconds(10));
        }
    }

    private HttpClient Anonymous(Uri address)
    {
        lock (_anonymous)
        {
            return _anonymous.TryGetValue(address, out HttpClient? client) ? client : _anonymous[address] = servers.Client(address);
        }
    }

    /// <summary>What one device does.</summary>
    private sealed class Course(FetchingFleet fleet, SimulatedDevice device, int number)
    {
        private readonly Dictionary<Uri, HttpClient> _clients = [];
        private int _turn;
        private ContentSource? _source;

        public async Task RunAsync()
        {
            Assignment? assigned;
            while ((assigned = await SayAsync(device.Report())) is null)
            {
                await Task.Delay(s_again);
            }

            await ReadWholeAsync("metadata/timestamp.json", fleet.Source.Repository.Files["timestamp.json"]);
            foreach ((string name, byte[] manifest) in fleet.Source.Repository.TargetFiles)
            {
                await ReadWholeAsync($"targets/{name}", manifest);
            }

            Assignment? again = await SayAsync(device.Report(ReportState.Installing, assigned.Deployment, fleet._manifest));
            Assert.That(again, Is.EqualTo(assigned), "a grant stays as it was answered");
            await ReadPartAsync();
            await SayAsync(device.Report(ReportState.Confirmed, assigned.Deployment, fleet._manifest));
            foreach (HttpClient client in _clients.Values)
            {
                client.Dispose();
            }
        }

        private Uri NextServer() => fleet.Servers.AddressOf((number + _turn++) % 2);

        private async Task<Assignment?> SayAsync(DeviceReport report)
        {
            byte[] signed = device.Sign(report);
            while (true)
            {
                Uri address = NextServer();
                try
                {
                    if (!_clients.TryGetValue(address, out HttpClient? client))
                    {
                        client = _clients[address] = fleet.Servers.Client(device, address);
                    }

                    using ByteArrayContent content = new(signed);
                    content.Headers.ContentType = new MediaTypeHeaderValue("application/cose");
                    using HttpResponseMessage response = await client.PostAsync("/api/v1/check-in", content);
                    byte[] body = await response.Content.ReadAsByteArrayAsync();
                    if (response.StatusCode != HttpStatusCode.ServiceUnavailable)
                    {
                        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK), System.Text.Encoding.UTF8.GetString(body));
                        CheckInAnswer answer = CheckInAnswer.Decode(body).OrThrow();
                        _source = answer.Sources is [var source, ..] ? source : _source;
                        Interlocked.Increment(ref fleet._answers);
                        return answer.Assignment;
                    }
                }
                catch (HttpRequestException)
                {
                    // Killed. The other one lives, or this one is there again in a moment.
                }

                Interlocked.Increment(ref fleet._unanswered);
                await Task.Delay(s_again);
            }
        }

        private async Task ReadWholeAsync(string path, byte[] wanted)
        {
            byte[]? got;
            while ((got = await ReadAsync(fleet.Anonymous(NextServer()), $"/repo/{path}", null)) is null)
            {
                await Task.Delay(s_again);
            }

            Assert.That(got, Is.EqualTo(wanted), path);
        }

        private async Task ReadPartAsync()
        {
            string pack = fleet.Release.Described.PackUri;
            int first = number * 1000 % (fleet.Release.Pack.Length - PartLength);
            RangeHeaderValue range = new(first, first + PartLength - 1);
            while (true)
            {
                byte[]? got = null;
                bool byStorage = false;
                if (number % WithoutStorage != 0 && _source is { } source)
                {
                    Uri address = new(source.Address, $"{pack["packs/".Length..]}?{source.Query}");
                    got = await ReadAsync(fleet.Anonymous(new Uri(source.Address, "/")), address.PathAndQuery, range);
                    byStorage = got is not null;
                    Interlocked.Add(ref fleet._failed, byStorage ? 0 : 1);
                }

                if (got is null)
                {
                    got = await ReadAsync(fleet.Anonymous(NextServer()), $"/repo/{pack}", range);
                    Interlocked.Add(ref fleet._failed, got is null ? 1 : 0);
                }

                if (got is not null)
                {
                    Assert.That(got, Is.EqualTo(fleet.Release.Pack[first..(first + PartLength)]), "the part that was asked for");
                    Interlocked.Increment(ref byStorage ? ref fleet._fromStorage : ref fleet._fromServers);
                    return;
                }

                await Task.Delay(s_again);
            }
        }

        /// <summary>What was asked for; null when it cannot be had now.</summary>
        private static async Task<byte[]?> ReadAsync(HttpClient client, string path, RangeHeaderValue? range)
        {
            using HttpRequestMessage request = new(HttpMethod.Get, path) { Headers = { Range = range } };
            try
            {
                using HttpResponseMessage response = await client.SendAsync(request);
                if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
                {
                    return null;
                }

                Assert.That(response.StatusCode, Is.AnyOf(HttpStatusCode.OK, HttpStatusCode.PartialContent), path.Split('?')[0]);
                return await response.Content.ReadAsByteArrayAsync();
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                return null;
            }
        }
    }

    private ServerProcesses Servers => servers;

    private SampleRelease Release => release;

    private PublicationSource Source => source;
}
