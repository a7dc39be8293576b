export declare function buildProducts(): Promise<string>;
