namespace Fota.Manifest.Reports;

/// <summary>Where a device may fetch packs and chunk tables for a while without the server: a hint, of which nothing is believed, as everything there proves itself.</summary>
/// <param name="Address">https; the content with a digest lies at the address followed by the digest.</param>
/// <param name="Query">Goes with every request, without its '?'; empty for none. Whoever has it may read there for a while: it is not for logs.</param>
public sealed record ContentSource(Uri Address, string Query)
{
    /// <summary>Longest address in characters.</summary>
    public const int MaxAddressLength = 256;

    /// <summary>Longest query in characters.</summary>
    public const int MaxQueryLength = 1024;

    /// <summary>Whether this can be an address: a device goes nowhere but by https, and shows nobody a name or a password.</summary>
    public static bool IsAddress(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.IsAbsoluteUri && address.Scheme == Uri.UriSchemeHttps && address.OriginalString.Length <= MaxAddressLength && address.AbsolutePath.EndsWith('/')
            && address.UserInfo.Length == 0 && address.Query.Length == 0 && address.Fragment.Length == 0;
    }

    /// <summary>Whether this can be a query: nothing in it ends it, or the request.</summary>
    public static bool IsQuery(string query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return query.Length <= MaxQueryLength && query.All(static c => c is > ' ' and < '\x7f' and not ('#' or '?'));
    }

    /// <summary>Without the query.</summary>
    public override string ToString() => Address.ToString();
}
