using Fota.UpdateServer.People;

namespace Fota.UpdateServer.Tests.Access;

/// <summary>Over what a caller has their role; the samples are of product infusion-pump, at site basel.</summary>
internal enum Extent
{
    None = 0,
    Whole,
    OwnProduct,
    OwnSite,
    OtherProduct,
    OtherSite,
}

/// <summary>Somebody who asks.</summary>
/// <param name="Name">For a failure's message.</param>
/// <param name="Client">Speaks for them.</param>
/// <param name="Role">One role, or none; null for whoever is no person here.</param>
/// <param name="Extent">Over what.</param>
internal sealed record AccessCaller(string Name, HttpClient Client, Role? Role, Extent Extent)
{
    public bool IsDevice { get; init; }

    /// <summary>Which is told so: it can do something about it (device-identity.md, I-16).</summary>
    public bool IsExpiredDevice { get; init; }

    public override string ToString() => Name;
}

/// <summary>One request that an endpoint grants to whoever may ask.</summary>
/// <param name="RequestAsync">Makes it, and what has to be there for it.</param>
/// <param name="Success">The status of the answer.</param>
internal sealed record AccessCase(Func<Task<HttpRequestMessage>> RequestAsync, System.Net.HttpStatusCode Success = System.Net.HttpStatusCode.OK)
{
    /// <summary>What the answer says of a thing that is not in everybody's scope; null for nothing.</summary>
    public string? Mark { get; init; }

    /// <summary>Told whether it was granted: then what was there for it is used up.</summary>
    public Action<bool> After { get; init; } = static _ => { };
}
