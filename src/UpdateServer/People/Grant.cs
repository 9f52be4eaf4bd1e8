using System.Collections.Immutable;
using Fota.Manifest;

namespace Fota.UpdateServer.People;

/// <summary>One role over some products and sites.</summary>
/// <param name="Role">One role.</param>
internal sealed record Grant(Role Role)
{
    /// <summary>The products; null for all. Never empty: that would be a grant over nothing, which looks like one over everything.</summary>
    public ImmutableSortedSet<string>? Products { get; init; }

    /// <summary>The sites, as operators name them; null for all, and for devices of which none is known.</summary>
    public ImmutableSortedSet<string>? Sites { get; init; }

    /// <summary>Whether nothing is outside of it.</summary>
    public bool IsWhole => Products is null && Sites is null;

    /// <summary>Whether it is about this product, at whatever site.</summary>
    public bool IsAbout(ProductName product) => Products is null || Products.Contains(product.ToString());

    /// <summary>Whether it covers devices of the product at this site; null for one that nobody has said.</summary>
    public bool Covers(ProductName product, string? site) => IsAbout(product) && (Sites is null || (site is not null && Sites.Contains(site)));
}
