using System.Net;
using Fota.DeviceAgent.Configuration;
using Fota.DeviceAgent.Identity;
using Fota.DeviceAgent.Keys;
using Fota.DeviceAgent.State;
using Fota.DeviceAgent.Storage;

namespace Fota.DeviceAgent.Diagnosing;

/// <summary>Whether the server answers this device: its name, its certificate, ours, and the way in between.</summary>
internal sealed class ServerLook(AgentSettings settings, IDurableStore store, Lazy<IDeviceKey> keys)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public async Task<(FindingState State, string Detail)> ReachAsync(CancellationToken cancellation)
    {
        using HttpClient http = DeviceConnection.Open(settings, keys.Value, new DeviceCertificateStore(settings.Certificate, store), DeviceClock.Open(store, TimeProvider.System));
        using CancellationTokenSource patience = new(s_patience, TimeProvider.System);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Get, new Uri(settings.Server, "repo/metadata/timestamp.json"));
            using HttpResponseMessage answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return answer.StatusCode == HttpStatusCode.OK
                ? (FindingState.Good, $"{settings.Server} answers this device")
                : (FindingState.Wrong, $"{settings.Server}: wanted the repository's timestamp, got status {(int)answer.StatusCode}");
        }
        catch (HttpRequestException e)
        {
            return (FindingState.Wrong, $"{settings.Server}: {(e.InnerException ?? e).Message}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (FindingState.Wrong, $"{settings.Server}: wanted an answer within {s_patience.TotalSeconds} s, got none");
        }
    }
}
