namespace Fota.DeviceAgent.Fetching;

/// <summary>The storage to which a server may send a device for content (client-workflow.md, W-51).</summary>
/// <param name="Http">The connection to it. It shows nobody who the device is, and follows no redirect.</param>
/// <param name="Addresses">Below which of its addresses content may lie; each https, ending in '/'.</param>
internal sealed record ContentStorage(HttpClient Http, IReadOnlyList<Uri> Addresses)
{
    /// <summary>
    /// Whether an address that a server named is one of them, or below. One with an escaped character after that is not: what stands for a '/' or a '.' there is read by
    /// every storage in its own way.
    /// </summary>
    public bool MayHold(Uri address) =>
        Addresses.Any(known => address.AbsoluteUri.StartsWith(known.AbsoluteUri, StringComparison.Ordinal) && !address.AbsoluteUri.AsSpan(known.AbsoluteUri.Length).Contains('%'));
}
