namespace Fota.DeviceAgent.Health;

/// <summary>
/// That the update server can be reached, so that the next update can come. Any answer of it will do. No answer is inconclusive: networks are away for
/// many reasons, and a release is only one of them.
/// </summary>
/// <param name="http">The connection to the server.</param>
/// <param name="server">Its address, ending in '/'.</param>
/// <param name="time">Measures how long an answer may take.</param>
internal sealed class ServerHealthCheck(HttpClient http, Uri server, TimeProvider time) : IHealthCheck
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public async Task<HealthVerdict> CheckAsync(CancellationToken cancellation)
    {
        using CancellationTokenSource patience = new(s_patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Get, new Uri(server, "health"));
            using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return new HealthVerdict.Healthy();
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new HealthVerdict.Inconclusive($"the server cannot be reached: {(e.InnerException ?? e).Message}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new HealthVerdict.Inconclusive($"the server cannot be reached: no answer in {s_patience.TotalSeconds} s");
        }
    }
}
