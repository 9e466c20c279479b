// Written by hand in the shape that openapi-typescript gives, until the server's document is there.

export interface components {
  schemas: {
    Person: { id: number; name: string };
    Score: { value: number; votes: number; source: string };
    Film: {
      id: number;
      refs: { [namespace: string]: string };
      kind: "movie" | "series";
      title: string;
      original_title: string | null;
      year: number | null;
      end_year: number | null;
      runtime_min: number | null;
      certificate: string | null;
      genres: string[];
      languages: string[];
      countries: string[];
      directors: components["schemas"]["Person"][];
      creators: components["schemas"]["Person"][];
      cast: components["schemas"]["Person"][];
      score: components["schemas"]["Score"] | null;
      popularity: number | null;
      description: string | null;
      trailer: string | null;
      poster: string | null;
    };
    FilmDetail: components["schemas"]["Film"] & {
      alternative_titles: string[];
      sources: { [field: string]: string };
    };
    Answers: {
      verdict: "liked" | "fine" | "disliked" | null;
      seen: boolean;
      seen_on: string | null;
      saved: boolean;
      saved_at: string | null;
      snoozed_until: string | null;
      taste: boolean;
      rating: number | null;
    };
    Entry: components["schemas"]["Answers"] & {
      film: components["schemas"]["Film"];
      version: number;
      updated_at: string;
    };
  };
}
