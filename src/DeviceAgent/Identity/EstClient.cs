using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Fota.DeviceAgent.Fetching;
using Fota.Manifest;
using Fota.Manifest.Reports;

namespace Fota.DeviceAgent.Identity;

/// <summary>The two requests of EST (RFC 7030) that a renewal needs, over the device's own mutual TLS. One attempt each: who waits a year does not hurry.</summary>
internal sealed class EstClient(HttpClient http, Uri server, TimeProvider time)
{
    private const string Prefix = "/.well-known/est/";

    /// <summary>Sends a request for a certificate.</summary>
    /// <returns>The certificate, DER; or how long to wait before the same request is sent again.</returns>
    /// <exception cref="RepositoryUnavailableException">The server did not answer, or not with this.</exception>
    /// <exception cref="RenewalRefusedException">The server or the authority refused.</exception>
    /// <exception cref="RejectedException">The answer is not one.</exception>
    public async Task<(byte[]? Certificate, TimeSpan? Wait)> ReenrolAsync(byte[] request, CancellationToken cancellation)
    {
        using HttpRequestMessage message = new(HttpMethod.Post, new Uri(server, Prefix + "simplereenroll"))
        {
            Content = new ByteArrayContent(Encoding.ASCII.GetBytes(Convert.ToBase64String(request))) { Headers = { ContentType = new MediaTypeHeaderValue("application/pkcs10") } },
        };
        (HttpResponseMessage response, byte[] body) = await SendAsync(message, cancellation);
        using (response)
        {
            switch (response.StatusCode)
            {
                case HttpStatusCode.OK when CertsOnly.Decode(body).OrThrow() is [X509Certificate2 certificate]:
                    return (certificate.RawData, null);
                case HttpStatusCode.OK:
                    throw new RejectedException(RejectionReason.LimitExceeded, "simplereenroll: wanted one certificate, got several");
                case HttpStatusCode.Accepted or HttpStatusCode.TooManyRequests:
                    return (null, RetryAfter(response));
                case >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError:
                    throw new RenewalRefusedException($"simplereenroll: wanted a new certificate, got {(int)response.StatusCode} {Explain(body)}".TrimEnd(), RetryAfter(response));
                default:
                    throw HttpDoor.Unexpected("simplereenroll", response, time);
            }
        }
    }

    /// <summary>The authorities that the server shows. Whether one of them is trusted is another question.</summary>
    public async Task<IReadOnlyList<X509Certificate2>> AuthoritiesAsync(CancellationToken cancellation)
    {
        using HttpRequestMessage message = new(HttpMethod.Get, new Uri(server, Prefix + "cacerts"));
        (HttpResponseMessage response, byte[] body) = await SendAsync(message, cancellation);
        using (response)
        {
            return response.StatusCode == HttpStatusCode.OK ? CertsOnly.Decode(body).OrThrow() : throw HttpDoor.Unexpected("cacerts", response, time);
        }
    }

    private async Task<(HttpResponseMessage Response, byte[] Body)> SendAsync(HttpRequestMessage message, CancellationToken cancellation)
    {
        HttpResponseMessage response = await HttpDoor.SendAsync(http, message, time, cancellation);
        try
        {
            // Not disposed of by itself: it is the response, which the caller still looks at.
            ResponseBody body = new(response, Transport.Plain(time), static _ => { });
            return (response, await body.ReadToEndAsync(message.RequestUri!.AbsolutePath, CertsOnly.MaxBytes, cancellation));
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    // A date is counted from the server's own, where it says that: the device's clock may be anywhere.
    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - (response.Headers.Date ?? time.GetUtcNow()),
        _ => null,
    };

    // Reason and detail of a problem document (RFC 9457); whatever else it is, the beginning of it.
    private static string Explain(byte[] answer)
    {
        try
        {
            using JsonDocument problem = JsonDocument.Parse(answer);
            return Printable($"{problem.RootElement.GetProperty("reason").GetString()}: {problem.RootElement.GetProperty("detail").GetString()}");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return Printable(Encoding.UTF8.GetString(answer));
        }
    }

    private static string Printable(string text) => new([.. text.Where(static c => !char.IsControl(c)).Take(DeviceReport.MaxTextLength)]);
}

/// <summary>There is no new certificate for this request.</summary>
internal sealed class RenewalRefusedException(string message, TimeSpan? wait) : Exception(message)
{
    /// <summary>When the server wants to be asked again; null if it did not say.</summary>
    public TimeSpan? Wait { get; } = wait;
}
