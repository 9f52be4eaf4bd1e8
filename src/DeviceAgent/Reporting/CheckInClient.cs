using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Fota.DeviceAgent.Fetching;
using Fota.DeviceAgent.Keys;
using Fota.Manifest;
using Fota.Manifest.Reports;

namespace Fota.DeviceAgent.Reporting;

/// <summary>One round trip: a signed report in, an assignment out.</summary>
internal sealed class CheckInClient
{
    private readonly HttpClient _http;
    private readonly Uri _endpoint;
    private readonly IDeviceKey _key;
    private readonly Transport _transport;

    public CheckInClient(HttpClient http, Uri server, IDeviceKey key, Transport transport)
    {
        _http = http;
        _endpoint = new Uri(server, "api/v1/check-in");
        _key = key;
        _transport = transport;
    }

    /// <summary>Sends one report; repeats send the same bytes.</summary>
    /// <exception cref="ArgumentException">The report cannot be encoded.</exception>
    /// <exception cref="RepositoryUnavailableException">The server did not take it.</exception>
    /// <exception cref="RejectedException">The answer is not one.</exception>
    public async Task<CheckInAnswer> SendAsync(DeviceReport report, CancellationToken cancellation)
    {
        byte[] signed = VerifiedReport.Sign(report, _key.PublicKey, _key.Sign);
        return await _transport.Retry.ExecuteAsync(
            async token => await HttpDoor.WithinAsync("check-in", _transport.DocumentDeadline, within => SendOnceAsync(signed, within), _transport.Time, token),
            cancellation);
    }

    private async Task<CheckInAnswer> SendOnceAsync(byte[] signed, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, _endpoint)
        {
            Content = new ByteArrayContent(signed) { Headers = { ContentType = new MediaTypeHeaderValue("application/cose") } },
        };
        HttpResponseMessage response = await HttpDoor.SendAsync(_http, request, _transport.Time, cancellation);
        using ResponseBody body = new(response, _transport, static _ => { });
        byte[] answer = await body.ReadToEndAsync("check-in answer", CheckInAnswer.MaxBytes, cancellation);
        if (response.StatusCode == HttpStatusCode.OK)
        {
            return CheckInAnswer.Decode(answer).OrThrow();
        }

        RepositoryUnavailableException refusal = HttpDoor.Unexpected("check-in", response, _transport.Time);
        throw new RepositoryUnavailableException($"{refusal.Message} {Printable(answer)}".TrimEnd(), refusal.IsTransient) { Status = refusal.Status, RetryAfter = refusal.RetryAfter };
    }

    // What a server says of its refusal helps whoever reads the log, and must not be able to forge lines of it.
    private static string Printable(byte[] answer) =>
        new([.. Encoding.UTF8.GetString(answer).Where(static c => !char.IsControl(c)).Take(DeviceReport.MaxTextLength)]);
}
