using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace Fota.EndToEnd.Tests.Login;

/// <summary>As much of a browser as logging in takes: cookies, redirects, and forms that are filled in and sent.</summary>
internal sealed partial class Browser(X509Certificate2 trusted) : IDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { trusted } },
        },
    });

    [GeneratedRegex("<form[^>]*?action=\"(?<action>[^\"]*)\"[^>]*>(?<inside>.*?)</form>", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form { get; }

    [GeneratedRegex("<(input|button)\\s[^>]*>", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Field { get; }

    [GeneratedRegex("\\b(?<name>name|value)=\"(?<text>[^\"]*)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Attribute { get; }

    /// <summary>Opens an address, and sends every form that comes, as this person, until there is none.</summary>
    /// <returns>The last page, or the address on the loopback interface that the last redirect led to, with what it said.</returns>
    public async Task<string> LogInAsync(Uri address, string person, string? userCode = null)
    {
        HttpResponseMessage response = await _client.GetAsync(address);
        for (int steps = 0; steps < 30; steps++)
        {
            string page = await response.Content.ReadAsStringAsync();
            if (response.Headers.Location is { } location)
            {
                address = new Uri(address, location);
                response = await _client.GetAsync(address);
            }
            else if (Form.Match(page) is { Success: true } form)
            {
                address = new Uri(address, WebUtility.HtmlDecode(form.Groups["action"].Value));
                using FormUrlEncodedContent filled = new(Fill(form.Groups["inside"].Value, person, userCode));
                response = await _client.PostAsync(address, filled);
            }
            else
            {
                Assert.That(response.IsSuccessStatusCode, page);
                return page;
            }
        }

        throw new InvalidOperationException($"no end in sight at {address}");
    }

    public void Dispose() => _client.Dispose();

    private static IEnumerable<KeyValuePair<string, string>> Fill(string inside, string person, string? userCode)
    {
        foreach (Match field in Field.Matches(inside))
        {
            Dictionary<string, string> attributes = Attribute.Matches(field.Value).DistinctBy(static a => a.Groups["name"].Value, StringComparer.Ordinal).ToDictionary(static a => a.Groups["name"].Value, static a => WebUtility.HtmlDecode(a.Groups["text"].Value), StringComparer.Ordinal);
            if (attributes.TryGetValue("name", out string? name) && name != "abort")
            {
                yield return new(name, name switch { "login" => person, "password" => "any", "user_code" => userCode!, _ => attributes.GetValueOrDefault("value", "") });
            }
        }
    }
}
